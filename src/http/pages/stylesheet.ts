import type { Context } from 'hono'
import type { AppEnv } from '../factory'
import { CSS, VERSION } from './style'

export function stylesheet(c: Context<AppEnv>): Response {
  // A page of another release may ask for its own: what is sent now must not be kept under that address.
  const isThis = c.req.query('v') === VERSION
  return c.body(CSS, 200, {
    'Content-Type': 'text/css; charset=utf-8',
    'Cache-Control': isThis ? 'public, max-age=31536000, immutable' : 'no-cache',
  })
}
