import { WorkerEntrypoint } from 'cloudflare:workers'
import { authenticateMovingIn } from './auth/authenticate'
import { AuthError } from './auth/errors'
import { verifyClaims } from './auth/verify-claims'
import { configOf } from './config'
import type { VerifiedClaims } from './crypto/access-token'
import { uuidV7 } from './crypto/uuid'
import { createAuthContext, runLogged } from './http/context'
import { dispatch } from './http/dispatch'
import { createLogger } from './log'

const NOBODY = {
  client: { ip: null, network: null, userAgent: null },
  clientRequestId: null,
  source: '',
  widerSources: [],
  device: null,
}

export default {
  fetch: dispatch,

  async scheduled(_controller, env, ctx) {
    const { runScheduledJob } = await import('./scheduled-job')
    await runScheduledJob(await contextOf(env, ctx))
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
