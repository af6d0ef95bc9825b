import {
  type AccessTokenKeys,
  type AsymmetricKey,
  importAccessTokenKeys,
  type TokenKey,
} from './access-token-keys'
import { toBase64Url } from './digest'

/** The keys that one secret yields, each for one purpose alone (RFC 8725 §3.5). */
export interface SigningKey {
  /** Names the secret without telling anything of it. */
  readonly kid: string
  readonly accessToken: CryptoKey
  readonly refreshToken: CryptoKey
  /** Derives the successor of a refresh token. */
  readonly successor: CryptoKey
  /** Makes the tokens of mailed links. */
  readonly oneTimeToken: CryptoKey
  /** Signs the cookie of a device that has logged in. */
  readonly device: CryptoKey
  /** Hides whose failed logins are counted. */
  readonly loginAttempt: CryptoKey
}

export interface SigningKeys {
  /** Signs everything new. */
  readonly current: SigningKey
  readonly byKid: ReadonlyMap<string, SigningKey>
  /** Access tokens may be signed by others than the secrets. */
  readonly accessTokens: AccessTokenKeys
}

/** HKDF makes a key of anything, also of nothing. */
const LEAST_SECRET_BYTES = 32

/**
 * The first secret signs, all verify; of the asymmetric keys the one that is marked signs access tokens.
 * @throws RangeError where a secret is empty or short: everybody could guess its keys
 */
export async function importSigningKeys(
  secrets: readonly [string, ...string[]],
  asymmetric: readonly AsymmetricKey[] = [],
): Promise<SigningKeys> {
  const [first, ...others] = secrets
  const current = await importSigningKey(first)
  const rest = await Promise.all(others.map(importSigningKey))
  const byKid = new Map([current, ...rest].map((key) => [key.kid, key]))
  const shared = [accessTokenKeyOf(current), ...rest.map(accessTokenKeyOf)] as const
  return { current, byKid, accessTokens: await importAccessTokenKeys(shared, asymmetric) }
}

function accessTokenKeyOf({ kid, accessToken: key }: SigningKey): TokenKey {
  return { kid, algorithm: 'HS256', key }
}

async function importSigningKey(secret: string): Promise<SigningKey> {
  const input = new TextEncoder().encode(secret)
  if (input.length < LEAST_SECRET_BYTES) {
    throw new RangeError(`a secret must be at least ${LEAST_SECRET_BYTES} bytes`)
  }
  const root = await crypto.subtle.importKey('raw', input, 'HKDF', false, ['deriveBits'])
  const hmacKey = (purpose: string) => derive(root, purpose, 32).then(importHmacKey)
  const [kid, accessToken, refreshToken, successor, oneTimeToken, device, loginAttempt] =
    await Promise.all([
      derive(root, 'key id', 9).then(toBase64Url),
      hmacKey('access token'),
      hmacKey('refresh token'),
      hmacKey('refresh token successor'),
      hmacKey('one-time token'),
      hmacKey('device'),
      hmacKey('login attempt'),
    ])
  return { kid, accessToken, refreshToken, successor, oneTimeToken, device, loginAttempt }
}

async function derive(root: CryptoKey, purpose: string, byteLength: number) {
  const info = new TextEncoder().encode(`gatehouse v1 ${purpose}`)
  const algorithm = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, root, byteLength * 8))
}

function importHmacKey(bytes: Uint8Array): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  return crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign', 'verify'])
}
