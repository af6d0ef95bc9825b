import { calculateJwkThumbprint } from 'jose'

/** All that any of our keys has; each key has one. */
export const ALGORITHMS = ['HS256', 'EdDSA', 'ES256'] as const

/** A key that signs or verifies tokens, by one algorithm alone. */
export interface TokenKey {
  readonly kid: string
  readonly algorithm: (typeof ALGORITHMS)[number]
  readonly key: CryptoKey
}

interface PublicJwk {
  readonly kty: string
  readonly crv: string
  readonly x: string
  readonly y?: string
}

/** A key of the configuration by which access tokens are signed so that others can verify them. */
export interface AsymmetricKey {
  readonly algorithm: 'EdDSA' | 'ES256'
  readonly jwk: PublicJwk
  /** Of the one that signs: with its private part. */
  readonly privateJwk: (PublicJwk & { readonly d: string }) | null
}

type PublishedKey = PublicJwk & {
  readonly kid: string
  readonly alg: string
  readonly use: 'sig'
}

/** What signs access tokens and what verifies them, by `kid`. */
export interface AccessTokenKeys {
  readonly signer: TokenKey
  readonly verifiers: ReadonlyMap<string, TokenKey>
  /** What everybody may have (RFC 7517): nothing of a secret. */
  readonly published: readonly PublishedKey[]
}

const PARAMETERS = {
  EdDSA: { name: 'Ed25519' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
}

/**
 * The asymmetric keys, and those of the secrets, which go on verifying: a deployment that moves to asymmetric keys logs nobody
 * out. Without asymmetric keys the first of the secrets signs.
 */
export async function importAccessTokenKeys(
  shared: readonly [TokenKey, ...TokenKey[]],
  keys: readonly AsymmetricKey[],
): Promise<AccessTokenKeys> {
  const verifiers = await Promise.all(keys.map(importVerifier))
  const [signer] = (await Promise.all(keys.map(importSigner))).flat()
  return {
    signer: signer ?? shared[0],
    verifiers: new Map([...shared, ...verifiers].map((key) => [key.kid, key])),
    published: await Promise.all(keys.map(publishedKey)),
  }
}

async function publishedKey({ jwk, algorithm: alg }: AsymmetricKey): Promise<PublishedKey> {
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg, use: 'sig' }
}

async function importVerifier({ algorithm, jwk }: AsymmetricKey): Promise<TokenKey> {
  const kid = await calculateJwkThumbprint(jwk)
  const parameters = PARAMETERS[algorithm]
  const key = await crypto.subtle.importKey('jwk', jwk, parameters, false, ['verify'])
  return { kid, algorithm, key }
}

async function importSigner({ algorithm, privateJwk }: AsymmetricKey): Promise<TokenKey[]> {
  if (!privateJwk) return []
  const kid = await calculateJwkThumbprint(privateJwk)
  const parameters = PARAMETERS[algorithm]
  const key = await crypto.subtle.importKey('jwk', privateJwk, parameters, false, ['sign'])
  return [{ kid, algorithm, key }]
}
