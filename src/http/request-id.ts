import { factory } from './factory'

const NAME = 'X-Request-Id'
/** What can stand in a line of a log, in a header and in an address as it is. */
const PLAIN = /^[\w.:=+/-]{1,64}$/

/**
 * Gives the request an id of our own, which its answer, its log lines and its audit events carry: nobody can make an
 * act look like part of another's request. What the client calls the request is kept beside it, where it is plain.
 */
export const requestId = factory.createMiddleware(async (c, next) => {
  const id = crypto.randomUUID()
  const given = c.req.header(NAME)
  c.set('requestId', id)
  c.set('clientRequestId', given !== undefined && PLAIN.test(given) ? given : null)
  c.header(NAME, id)
  await next()
})
