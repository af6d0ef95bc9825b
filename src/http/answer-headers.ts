import { factory } from './factory'

/**
 * What every answer says (OWASP REST Security), unless its handler says otherwise. Headers are most of what an answer costs beside
 * its token, so that what only documents need is said by the pages.
 */
const HEADERS = Object.entries({
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
})

/** Stands before the answer: headers of one that is there already make Hono build it a second time. */
export const answerHeaders = factory.createMiddleware((c, next) => {
  for (const [name, value] of HEADERS) c.header(name, value)
  return next()
})
