import type { Context } from 'hono'
import {
  authenticateMovingIn,
  authenticate as authenticateToken,
  type Principal,
} from '../auth/authenticate'
import { authenticateApiKey } from '../auth/authenticate-api-key'
import { AuthError } from '../auth/errors'
import type { AccessTokenClaims } from '../crypto/access-token'
import { type AppEnv, factory } from './factory'
import { ProblemError } from './problem'

/** Lets only requests with an access token of ours pass, by signature and time; awaits no I/O. */
export const authenticate = factory.createMiddleware(async (c, next) => {
  c.set('claims', await authenticateToken(c.get('auth'), bearerToken(c)))
  await next()
})

/**
 * Lets whoever can say who they are pass: with an access token of ours, while teams are moving in with one of the replaced
 * system, or with an API key, which D1 is asked for.
 */
export const authenticateAny = factory.createMiddleware(async (c, next) => {
  c.set('principal', await principalOf(c))
  await next()
})

/** Who asks. */
export async function principalOf(c: Context<AppEnv>): Promise<Principal> {
  const key = presentedApiKey(c)
  if (key === undefined) return authenticateMovingIn(c.get('auth'), bearerToken(c))
  return { kind: 'api_key', ...(await authenticateApiKey(c.get('auth'), key)) }
}

/** The API key of the request: in `X-API-Key`, or where a bearer token would be; undefined where there is none. */
export function presentedApiKey(c: Context<AppEnv>): string | undefined {
  const header = c.req.header('X-API-Key')
  const authorization = c.req.header('Authorization')
  if (header !== undefined && authorization !== undefined) throw new ProblemError('invalid_request')
  const bearer = header === undefined ? bearerToken(c) : undefined
  return header ?? (bearer?.startsWith('ghk_') ? bearer : undefined)
}

/** Claims where a usable token came with the request; clients may send one that has expired along with anything. */
export async function optionalClaims(c: Context<AppEnv>): Promise<AccessTokenClaims | null> {
  try {
    return await authenticateToken(c.get('auth'), bearerToken(c))
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
