import { cleanUp } from './auth/clean-up'
import { deliverEvents } from './auth/deliver-events'
import { deliverMails } from './auth/deliver-mails'
import { pruneAuditEvents } from './auth/prune-audit-events'
import { publishPendingRevocations } from './auth/publish-revocations'
import { sealAuditEvents } from './auth/seal-audit-events'
import { configOf } from './config'
import { uuidV7 } from './crypto/uuid'
import { app } from './http/app'
import { createAuthContext, runLogged } from './http/context'
import { createLogger } from './log'

const NO_CLIENT = { ip: null, network: null, userAgent: null }

export default {
  fetch: app.fetch,

  async scheduled(_controller, env, ctx) {
    const now = Date.now()
    const requestId = uuidV7(now)
    const log = createLogger(configOf(env).logLevel, {
      time: new Date(now).toISOString(),
      request_id: requestId,
    })
    const context = await createAuthContext(env, {
      log,
      now,
      requestId,
      client: NO_CLIENT,
      source: '',
      device: null,
      defer: (work) => ctx.waitUntil(runLogged('deferred_work', work, log)),
    })
    await runLogged('publish_revocations', () => publishPendingRevocations(context), log)
    await runLogged('seal_audit_events', () => sealAuditEvents(context), log)
    await runLogged('prune_audit_events', () => pruneAuditEvents(context), log)
    await runLogged('clean_up', () => cleanUp(context), log)
    // Last: they wait for others.
    await runLogged('deliver_mails', () => deliverMails(context), log)
    await runLogged('deliver_events', () => deliverEvents(context), log)
  },
} satisfies ExportedHandler<CloudflareBindings>
