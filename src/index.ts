import { WorkerEntrypoint } from 'cloudflare:workers'
import { authenticateMovingIn } from './auth/authenticate'
import { cleanUp } from './auth/clean-up'
import { deliverEvents } from './auth/deliver-events'
import { deliverMails } from './auth/deliver-mails'
import { AuthError } from './auth/errors'
import { pruneAuditEvents } from './auth/prune-audit-events'
import { publishPendingRevocations } from './auth/publish-revocations'
import { sealAuditEvents } from './auth/seal-audit-events'
import { verifyClaims } from './auth/verify-claims'
import { configOf } from './config'
import type { VerifiedClaims } from './crypto/access-token'
import { uuidV7 } from './crypto/uuid'
import { app } from './http/app'
import { createAuthContext, runLogged } from './http/context'
import { createLogger } from './log'

const NOBODY = {
  client: { ip: null, network: null, userAgent: null },
  source: '',
  device: null,
}

export default {
  fetch: app.fetch,

  async scheduled(_controller, env, ctx) {
    const context = await contextOf(env, ctx)
    const { log } = context
    await runLogged('publish_revocations', () => publishPendingRevocations(context), log)
    await runLogged('seal_audit_events', () => sealAuditEvents(context), log)
    await runLogged('prune_audit_events', () => pruneAuditEvents(context), log)
    await runLogged('clean_up', () => cleanUp(context), log)
    // Last: they wait for others.
    await runLogged('deliver_mails', () => deliverMails(context), log)
    await runLogged('deliver_events', () => deliverEvents(context), log)
  },
} satisfies ExportedHandler<CloudflareBindings>

/** For other Workers of the account, over a service binding to this entrypoint: no HTTP between. */
export class TokenVerification extends WorkerEntrypoint<CloudflareBindings> {
  /** The claims of an access token that is not known to be revoked, as `GET /auth/verify` answers them; null for any other. */
  async verify(token: string): Promise<VerifiedClaims | null> {
    const context = await contextOf(this.env, this.ctx)
    try {
      return await verifyClaims(context, await authenticateMovingIn(context, String(token)))
    } catch (error) {
      if (error instanceof AuthError) return null
      throw error
    }
  }
}

/** Where there is no request: nobody asks. */
async function contextOf(env: CloudflareBindings, ctx: ExecutionContext) {
  const now = Date.now()
  const requestId = uuidV7(now)
  const log = createLogger(configOf(env).logLevel, {
    time: new Date(now).toISOString(),
    request_id: requestId,
  })
  const defer = (work: () => Promise<void>) => ctx.waitUntil(runLogged('deferred_work', work, log))
  return createAuthContext(env, { ...NOBODY, log, now, requestId, defer })
}
