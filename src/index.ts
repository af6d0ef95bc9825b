import { cleanUp } from './auth/clean-up'
import { publishPendingRevocations } from './auth/publish-revocations'
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
      defer: (work) => ctx.waitUntil(runLogged('deferred_work', work, log)),
    })
    await runLogged('publish_revocations', () => publishPendingRevocations(context), log)
    await runLogged('clean_up', () => cleanUp(context), log)
  },
} satisfies ExportedHandler<CloudflareBindings>
