import type { Context } from 'hono'
import { routePath } from 'hono/route'
import { ConfigurationError, configOf, type LogLevel } from '../config'
import { createLogger, SILENT } from '../log'
import { type AppEnv, factory } from './factory'

/** Reads the clock, once for the whole request unless it has a body, and writes the request's one line when it is answered. */
export const requestLog = factory.createMiddleware(async (c, next) => {
  const now = Date.now()
  const common = { time: new Date(now).toISOString(), request_id: c.get('requestId') }
  const log = hasSecretAddress(c) ? SILENT : createLogger(logLevelOf(c.env), common)
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

/** Reads the clock again, once the body is there: only then has the request arrived. */
export function readClock(c: Context<AppEnv>): void {
  const now = Date.now()
  c.set('now', now)
  c.set('auth', { ...c.get('auth'), now })
}

// Cloudflare stores the address of the request beside each line, here with the token of a mailed link, still good.
function hasSecretAddress({ req }: Context<AppEnv>): boolean {
  const isView = req.method === 'GET' || req.method === 'HEAD'
  return isView && (req.query('token') !== undefined || req.query('invitation') !== undefined)
}

// Without a configuration there is still something to log: that it is wrong.
function logLevelOf(env: CloudflareBindings): LogLevel {
  try {
    return configOf(env).logLevel
  } catch (error) {
    if (error instanceof ConfigurationError) return 'INFO'
    throw error
  }
}
