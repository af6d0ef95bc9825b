import type { Context } from 'hono'
import {
  authenticateMovingIn as authenticateMovingInToken,
  authenticate as authenticateToken,
} from '../auth/authenticate'
import { AuthError } from '../auth/errors'
import type { AccessTokenClaims } from '../crypto/access-token'
import { type AppEnv, factory } from './factory'
import { ProblemError } from './problem'

/** Lets only requests with an access token of ours pass, by signature and time; awaits no I/O. */
export const authenticate = factory.createMiddleware(async (c, next) => {
  c.set('claims', await authenticateToken(c.var.auth, bearerToken(c)))
  await next()
})

/** The same, and while teams are moving in also access tokens of the replaced system. */
export const authenticateMovingIn = factory.createMiddleware(async (c, next) => {
  c.set('principal', await authenticateMovingInToken(c.var.auth, bearerToken(c)))
  await next()
})

/** Claims where a usable token came with the request; clients may send one that has expired along with anything. */
export async function optionalClaims(c: Context<AppEnv>): Promise<AccessTokenClaims | null> {
  try {
    return await authenticateToken(c.var.auth, bearerToken(c))
  } catch (error) {
    if (error instanceof AuthError) return null
    throw error
  }
}

/** The token of the Authorization header (RFC 6750 §2.1), the only place where one is looked for. */
export function bearerToken(c: Context<AppEnv>): string | undefined {
  const header = c.req.header('Authorization')
  // Two headers arrive joined by a comma, which no token contains.
  if (header?.includes(',')) throw new ProblemError('invalid_request')
  return header?.match(/^Bearer +(\S+)$/i)?.[1]
}
