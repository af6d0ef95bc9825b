import { type AccessTokenClaims, verifyAccessToken } from '../crypto/access-token'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'

/**
 * The claims of an access token, by signature and time alone: whether its session lives is for the
 * use-case to ask, in its own batch.
 * @throws AuthError missing_token, invalid_token
 */
export async function authenticate(
  { config: { issuer, audience }, keys, now }: AuthContext,
  token: string | undefined,
): Promise<AccessTokenClaims> {
  if (!token) throw new AuthError('missing_token')
  const claims = await verifyAccessToken(token, { keys, issuer, audience, now })
  if (!claims) throw new AuthError('invalid_token', { reason: 'not_authentic' })
  return claims
}
