import { type AccessTokenClaims, verifyAccessToken } from '../crypto/access-token'
import { type LegacyClaims, verifyLegacyToken } from '../crypto/legacy-token'
import type { AuthContext } from './auth-context'
import type { KeyHolder } from './authenticate-api-key'
import { AuthError } from './errors'

/** Who is asking: a session of ours, a user of the replaced system, or the holder of an API key. */
export type Principal =
  | { readonly kind: 'session'; readonly claims: AccessTokenClaims }
  | { readonly kind: 'legacy'; readonly claims: LegacyClaims }
  | ({ readonly kind: 'api_key' } & KeyHolder)

type Authenticating = Pick<AuthContext, 'config' | 'keys' | 'now'>

/**
 * The claims of an access token, by signature and time alone: whether its session lives is for the
 * use-case to ask, in its own batch.
 * @throws AuthError missing_token, invalid_token
 */
export async function authenticate(
  { config: { issuer, audience, notBefore }, keys, now }: Authenticating,
  token: string | undefined,
): Promise<AccessTokenClaims> {
  if (!token) throw new AuthError('missing_token')
  const claims = await verifyAccessToken(token, { keys, issuer, audience, notBefore, now })
  if (!claims) throw new AuthError('invalid_token', { reason: 'not_authentic' })
  return claims
}

/**
 * The same, while teams are moving in also for access tokens of the replaced system.
 * @throws AuthError missing_token, invalid_token
 */
export async function authenticateMovingIn(
  context: Authenticating,
  token: string | undefined,
): Promise<Principal> {
  const { config, now } = context
  const moving = config.legacy && now < config.legacy.until ? config.legacy : null
  const legacy = token && moving ? await verifyLegacyToken(token, { ...moving, now }) : null
  if (legacy && (legacy.iat ?? 0) * 1000 < config.notBefore) {
    throw new AuthError('invalid_token', { reason: 'issued_before' })
  }
  if (legacy) return { kind: 'legacy', claims: legacy }
  return { kind: 'session', claims: await authenticate(context, token) }
}

/** The session of an access token of ours, by signature alone: one that has expired names it too. Else null. */
export async function sessionNamedBy(
  { config: { issuer, audience, notBefore }, keys, now }: Authenticating,
  token: string | undefined,
): Promise<string | null> {
  const expected = { keys, issuer, audience, notBefore, now, acceptExpired: true }
  const claims = token ? await verifyAccessToken(token, expected) : null
  return claims?.sid ?? null
}
