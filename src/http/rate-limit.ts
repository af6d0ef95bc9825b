import type { Context } from 'hono'
import { type Principal, sessionNamedBy } from '../auth/authenticate'
import { ConfigurationError } from '../config'
import { sha256 } from '../crypto/digest'
import { errorFields } from '../log'
import { authenticateAny, bearerToken, presentedApiKey, principalOf } from './authenticate'
import { gateKeysOf } from './client-address'
import { type AppEnv, factory } from './factory'
import { ProblemError } from './problem'

type Gate =
  | 'RATE_LIMIT_CREDENTIALS'
  | 'RATE_LIMIT_REFRESH'
  | 'RATE_LIMIT_MAIL'
  | 'RATE_LIMIT_API_KEY'
  | 'RATE_LIMIT_ALL'

/**
 * What costs a derivation, may guess a secret, sends a mail, or writes an audit event as often as anybody likes; the rest has
 * only the gate that all have.
 */
const GATES: Readonly<Record<string, readonly Gate[]>> = {
  'POST /auth/signup': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/login': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/change-password': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/reset-password': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/verify-email': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/change-email/confirm': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/change-email': ['RATE_LIMIT_CREDENTIALS', 'RATE_LIMIT_MAIL'],
  'DELETE /auth/me': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/api-keys': ['RATE_LIMIT_CREDENTIALS'],
  'PATCH /auth/me': ['RATE_LIMIT_CREDENTIALS'],
  'DELETE /auth/sessions': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/refresh': ['RATE_LIMIT_REFRESH'],
  'POST /auth/forgot-password': ['RATE_LIMIT_MAIL'],
  'POST /auth/verify-email/resend': ['RATE_LIMIT_MAIL'],
  // The forms that do the same.
  'POST /signup': ['RATE_LIMIT_CREDENTIALS'],
  'POST /login': ['RATE_LIMIT_CREDENTIALS'],
  'POST /account/password': ['RATE_LIMIT_CREDENTIALS'],
  'POST /reset-password': ['RATE_LIMIT_CREDENTIALS'],
  'POST /verify-email': ['RATE_LIMIT_CREDENTIALS'],
  'POST /confirm-email': ['RATE_LIMIT_CREDENTIALS'],
  'POST /account/email': ['RATE_LIMIT_CREDENTIALS', 'RATE_LIMIT_MAIL'],
  'POST /account/delete': ['RATE_LIMIT_CREDENTIALS'],
  'POST /account/api-keys': ['RATE_LIMIT_CREDENTIALS'],
  'POST /account/name': ['RATE_LIMIT_CREDENTIALS'],
  'POST /account/sessions/others': ['RATE_LIMIT_CREDENTIALS'],
  'POST /forgot-password': ['RATE_LIMIT_MAIL'],
  'POST /verify-email/resend': ['RATE_LIMIT_MAIL'],
}

/**
 * A first gate against floods, for each network and for each API key: Cloudflare counts for each of its locations, nearly so.
 * It stands before any body is read. What must be exact, D1 decides.
 */
export const rateLimit = factory.createMiddleware(async (c, next) => {
  const { config, source } = c.get('auth')
  if (!config.isRateLimited || asksAboutToken(c)) return next()
  const keys = gateKeysOf(source)
  for (const gate of GATES[`${c.req.method} ${c.req.path}`] ?? []) {
    await requirePassage(c, gate, keys)
  }
  await requirePassage(c, 'RATE_LIMIT_ALL', keys)
  const apiKey = presentedApiKey(c)
  // By the whole key: who knows only its id must not use up what it may.
  if (apiKey !== undefined) await requirePassage(c, 'RATE_LIMIT_API_KEY', [await sha256(apiKey)])
  return next()
})

/** The gate of `/auth/refresh`, for a page that is about to do the same. */
export async function requireRefreshPassage(c: Context<AppEnv>): Promise<void> {
  const { config, source } = c.get('auth')
  if (config.isRateLimited) await requirePassage(c, 'RATE_LIMIT_REFRESH', gateKeysOf(source))
}

/**
 * What `authenticateAny` does, with the gate of `/auth/verify`. A back end asks there about all its users from one address: a
 * token that is authentic is counted by its session, wherever it is asked about. Anything else is counted by the network,
 * so that nobody passes with tokens that they have made up. An API key, which D1 is asked for, has passed the gates of its network and its own.
 */
export const authenticateCounted = factory.createMiddleware(async (c, next) => {
  const { config } = c.get('auth')
  if (!config.isRateLimited || !asksAboutToken(c)) return authenticateAny(c, next)
  const principal = await principalOf(c).catch(async (error: unknown) => {
    await requirePassage(c, 'RATE_LIMIT_ALL', await keysOfRefused(c))
    throw error
  })
  await requirePassage(c, 'RATE_LIMIT_ALL', [keyOfPrincipal(principal)])
  c.set('principal', principal)
  await next()
})

function asksAboutToken(c: Context<AppEnv>): boolean {
  if (c.req.method !== 'GET' || c.req.path !== '/auth/verify') return false
  const { 'x-api-key': key, authorization = '' } = c.req.header()
  return key === undefined && !/^Bearer +ghk_/i.test(authorization)
}

// Who refreshes has another token, and no other count.
function keyOfPrincipal(principal: Principal): string {
  if (principal.kind === 'session') return `session ${principal.claims.sid}`
  return principal.kind === 'legacy' ? `legacy ${principal.claims.sub}` : principal.apiKey.id
}

// One that has only expired is nobody's invention, and its back end has to be told so. It does not use up what the session's
// good tokens have.
async function keysOfRefused(c: Context<AppEnv>): Promise<readonly string[]> {
  const auth = c.get('auth')
  const header = c.req.header('Authorization') ?? ''
  const session = header.includes(',') ? null : await sessionNamedBy(auth, bearerToken(c))
  return session === null ? gateKeysOf(auth.source) : [`expired ${session}`]
}

async function requirePassage(
  c: Context<AppEnv>,
  gate: Gate,
  keys: readonly string[],
): Promise<void> {
  const binding = c.env[gate]
  if (!binding) throw new ConfigurationError([{ variable: gate, message: 'must be bound' }])
  const passes = async (key: string) => {
    try {
      return (await binding.limit({ key })).success
    } catch (error) {
      // Without its first gate the service still has the others.
      c.get('log').warning('rate_limit_unavailable', { gate, ...errorFields(error) })
      return true
    }
  }
  // One after the other: what is refused for the narrower network does not count for those around it.
  for (const key of keys) {
    if (!(await passes(key))) throw new ProblemError('rate_limited', { gate })
  }
}
