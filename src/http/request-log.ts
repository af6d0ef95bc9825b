import { routePath } from 'hono/route'
import { ConfigurationError, configOf, type LogLevel } from '../config'
import { createLogger } from '../log'
import { factory } from './factory'

/** Reads the clock, once for the whole request, and writes the request's one line when it is answered. */
export const requestLog = factory.createMiddleware(async (c, next) => {
  const now = Date.now()
  const log = createLogger(logLevelOf(c.env), {
    time: new Date(now).toISOString(),
    request_id: c.var.requestId,
  })
  c.set('now', now)
  c.set('log', log)
  await next()
  log.info('request', {
    method: c.req.method,
    route: routePath(c, -1),
    status: c.res.status,
    duration_ms: Date.now() - now,
  })
})

// Without a configuration there is still something to log: that it is wrong.
function logLevelOf(env: CloudflareBindings): LogLevel {
  try {
    return configOf(env).logLevel
  } catch (error) {
    if (error instanceof ConfigurationError) return 'INFO'
    throw error
  }
}
