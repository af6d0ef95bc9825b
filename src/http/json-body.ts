import type { Context } from 'hono'
import { matchedRoutes } from 'hono/route'
import { type AppEnv, factory } from './factory'
import { ProblemError } from './problem'

export const JSON_TYPE = /^application\/json(?:\s*;|$)/i
const FORM_TYPE = /^application\/x-www-form-urlencoded(?:\s*;|$)/i
/** Where OAuth prescribes forms (RFC 7662 §2.1, RFC 7009 §2.1). */
const FORM_PATHS = ['/auth/introspect', '/auth/revoke']

/** Whose bodies are read. A GET may bring one too (RFC 9110 §9.3.1), which nobody looks at. */
export const BODY_METHODS: readonly string[] = ['POST', 'PUT', 'PATCH', 'DELETE']

/**
 * Bodies are JSON or they are empty, and an empty one is an empty object. Asked before validation, which
 * would take any other type for a body without fields. JSON is UTF-8 whatever `charset` says (RFC 8259 §8.1); a
 * lenient decoder would make one character of all bytes that are not, and two passwords alike.
 */
export const jsonBody = factory.createMiddleware(async (c, next) => {
  if (!BODY_METHODS.includes(c.req.method)) return next()
  const isRouted = matchedRoutes(c).some(({ method }) => method !== 'ALL')
  if (!isRouted) return next()
  const bytes = await readBody(c)
  const contentType = c.req.header('Content-Type') ?? ''
  if (FORM_PATHS.includes(c.req.path)) {
    if (bytes.byteLength === 0 || FORM_TYPE.test(contentType)) return next()
    throw new ProblemError('unsupported_media_type')
  }
  if (bytes.byteLength > 0 && !JSON_TYPE.test(contentType)) {
    throw new ProblemError('unsupported_media_type')
  }
  const text = bytes.byteLength === 0 ? '{}' : utf8Text(bytes)
  // Hono would make a Response of the bytes to decode them again.
  c.req.json = async () => JSON.parse(text)
  return next()
})

/** The whole body. Who hangs up in the midst of it has sent none that can be read, which is no fault of ours. */
export async function readBody(c: Context<AppEnv>): Promise<ArrayBuffer> {
  try {
    return await c.req.arrayBuffer()
  } catch {
    throw new ProblemError('malformed_json')
  }
}

function utf8Text(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    throw new ProblemError('malformed_json')
  }
}
