import { type AccessTokenClaims, verifyAccessToken } from '../crypto/access-token'
import { parseApiKey } from '../crypto/api-key'
import {
  hashRefreshTokenId,
  type RefreshTokenClaims,
  verifyRefreshToken,
} from '../crypto/refresh-token'
import type { AuthContext } from './auth-context'

/** What somebody else was given and asks about: one of ours by its signature or checksum, whether or not it counts. */
export type PresentedToken =
  | { readonly kind: 'access'; readonly claims: AccessTokenClaims }
  | { readonly kind: 'refresh'; readonly claims: RefreshTokenClaims; readonly hash: string }
  | { readonly kind: 'api_key'; readonly id: string; readonly text: string }

/** Null for what is none of ours, or has expired. */
export async function readPresentedToken(
  { config, keys, now }: Pick<AuthContext, 'config' | 'keys' | 'now'>,
  text: string,
): Promise<PresentedToken | null> {
  const { issuer, audience, notBefore } = config
  const expected = { keys, issuer, audience, notBefore, now }
  const claims = await verifyAccessToken(text, expected)
  if (claims) return { kind: 'access', claims }
  const refresh = await readRefreshToken({ config, keys, now }, text)
  if (refresh) return { kind: 'refresh', ...refresh }
  const id = await parseApiKey(text)
  return id ? { kind: 'api_key', id, text } : null
}

/** Null for what is no refresh token of ours, or has expired. */
export async function readRefreshToken(
  { config: { issuer, notBefore }, keys, now }: Pick<AuthContext, 'config' | 'keys' | 'now'>,
  text: string,
): Promise<{ readonly claims: RefreshTokenClaims; readonly hash: string } | null> {
  const verified = await verifyRefreshToken(text, { keys, issuer, notBefore, now })
  if (!verified) return null
  return { claims: verified.claims, hash: await hashRefreshTokenId(verified.claims.jti) }
}
