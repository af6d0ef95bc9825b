import type { Context } from 'hono'
import { cors } from 'hono/cors'
import { type AppEnv, factory } from './factory'
import { BODY_METHODS } from './json-body'
import { isPagePath } from './page-routes'

const EXPOSED = 'X-Request-Id,Retry-After,WWW-Authenticate'

const answerPreflight = cors({
  origin: (origin, c: Context<AppEnv>) => (isAllowed(c, origin) ? origin : null),
  credentials: true,
  allowMethods: ['GET', 'HEAD', ...BODY_METHODS],
  allowHeaders: ['Authorization', 'Content-Type', 'X-API-Key', 'X-Request-Id'],
  maxAge: 600,
})

/** Lets scripts of the origins of FRONTEND_URL read the answers, with cookies; not the pages, which are for people. */
export const crossOrigin = factory.createMiddleware((c, next) => {
  if (isPagePath(c.req.path)) return next()
  if (c.req.method === 'OPTIONS') return answerPreflight(c, next)
  c.header('Vary', 'Origin')
  const origin = c.req.header('Origin')
  if (origin !== undefined && isAllowed(c, origin)) {
    c.header('Access-Control-Allow-Origin', origin)
    c.header('Access-Control-Allow-Credentials', 'true')
    c.header('Access-Control-Expose-Headers', EXPOSED)
  }
  return next()
})

function isAllowed(c: Context<AppEnv>, origin: string): boolean {
  return c.get('auth').config.frontendOrigins.includes(origin)
}
