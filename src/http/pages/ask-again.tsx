import type { Context } from 'hono'
import type { AppEnv } from '../factory'
import { answer } from './answer'
import { Layout } from './layout'

/**
 * A page that asks for the same address again, where the request is from another site: a link there brings none of our cookies
 * (SameSite=Strict), a page of ours does. Null where it is not.
 */
export function askAgain(c: Context<AppEnv>): Response | Promise<Response> | null {
  if (c.req.header('Sec-Fetch-Site') !== 'cross-site') return null
  const { pathname, search } = new URL(c.req.url)
  c.header('Refresh', `0;url=${pathname}${search}`)
  return answer(c, <Layout c={c} title="One moment" />)
}
