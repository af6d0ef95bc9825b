import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { AccessTokenClaims } from './access-token'
import { nullIfRefused } from './token'

/** The keys that an issuer publishes, fetched when needed and kept for as long as its answers may be. */
export type PublishedKeys = JWTVerifyGetKey

export function publishedKeysOf(issuer: string, fetch: typeof globalThis.fetch): PublishedKeys {
  const url = new URL('/.well-known/jwks.json', issuer)
  return createRemoteJWKSet(url, { cacheMaxAge: 300_000, [customFetch]: fetch })
}

/**
 * Null unless it is an access token (RFC 9068 §4) of the issuer, by one of its published keys.
 * @throws when the keys cannot be fetched
 */
export async function verifyByPublishedKey(
  token: string,
  keys: PublishedKeys,
  {
    issuer,
    audience,
    now,
    notBefore = 0,
  }: { issuer: string; audience: string; now: number; notBefore?: number },
): Promise<AccessTokenClaims | null> {
  const algorithms = ['EdDSA', 'ES256']
  const options = { algorithms, typ: 'at+jwt', issuer, audience, currentDate: new Date(now) }
  const verified = await jwtVerify(token, keys, options).catch(nullIfTokenRefused)
  const claims = AccessTokenClaims.safeParse(verified?.payload)
  return claims.success && claims.data.iat * 1000 >= notBefore ? claims.data : null
}

// Of what jose throws, that the set cannot be had says nothing of the token.
function nullIfTokenRefused(error: unknown): null {
  const isOfTheSet = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid
  const isUnreachable = error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC'
  if (isOfTheSet || isUnreachable) throw error
  return nullIfRefused(error)
}
