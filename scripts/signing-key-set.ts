import { createHash, generateKeyPairSync } from 'node:crypto'

// The life of a key of AUTH_SIGNING_KEYS: published, then signing, then published until its last token has expired.
// `key_ops` (RFC 7517 §4.3) says which one signs; the private part goes when a key will not sign again.

interface PublicJwk {
  readonly kty: string
  readonly crv: string
  readonly x: string
  readonly y?: string
}

export interface StoredKey extends PublicJwk {
  readonly d?: string
  readonly key_ops: readonly [string]
}

export interface KeySet {
  readonly keys: readonly StoredKey[]
}

/** What a key is for, at this point of its life. */
export type KeyState = 'next' | 'signing' | 'past'

export function stateOf({ d, key_ops: [use] }: StoredKey): KeyState {
  if (use === 'sign') return 'signing'
  return d === undefined ? 'past' : 'next'
}

/** RFC 7638: SHA-256 of the required members in the order of their names. */
export function thumbprint({ crv, kty, x, y }: PublicJwk): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
}

export function newKey(algorithm: 'EdDSA' | 'ES256'): PublicJwk & { d: string } {
  const { privateKey } =
    algorithm === 'EdDSA'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty = '', crv = '', x = '', y, d = '' } = privateKey.export({ format: 'jwk' })
  return { kty, crv, x, ...(y !== undefined && { y }), d }
}

/** The set with one key, which signs. */
export function newKeySet(key: PublicJwk & { d: string }): KeySet {
  return { keys: [{ ...key, key_ops: ['sign'] }] }
}

/**
 * One step on, and what it was: a key that is past is retired; else the next one signs; else a next one is published.
 * No step takes away what verifies a token that may still be in use, if the pauses between them are kept.
 */
export function rotate(
  { keys }: KeySet,
  newKey: () => PublicJwk & { d: string },
): { step: 'published' | 'signs' | 'retired'; set: KeySet } {
  if (keys.some((key) => stateOf(key) === 'past')) {
    return { step: 'retired', set: { keys: keys.filter((key) => stateOf(key) !== 'past') } }
  }
  if (keys.some((key) => stateOf(key) === 'next')) {
    return { step: 'signs', set: { keys: keys.map(advanced) } }
  }
  return { step: 'published', set: { keys: [...keys, { ...newKey(), key_ops: ['verify'] }] } }
}

function advanced(key: StoredKey): StoredKey {
  if (stateOf(key) === 'next') return { ...key, key_ops: ['sign'] }
  const { d: _, ...publicPart } = key
  return { ...publicPart, key_ops: ['verify'] }
}

/** @throws when the text is no key set of this form, without a word of what is in it */
export function parseKeySet(text: string): KeySet {
  try {
    const set: KeySet = JSON.parse(text)
    if (set.keys.filter((key) => stateOf(key) === 'signing').length === 1) return set
  } catch {
    // Below: what JSON.parse says would quote the text.
  }
  throw new Error('This is no value of AUTH_SIGNING_KEYS: a JWK set in which one key signs.')
}
