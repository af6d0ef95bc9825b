import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { newKey, newKeySet, rotate } from '../../scripts/signing-key-set'
import { configOf } from '../../src/config'
import { signAccessToken, verifyAccessToken } from '../../src/crypto/access-token'
import { importSigningKeys } from '../../src/crypto/signing-keys'

const SECRET = 'test-only-secret-0123456789-abcdefghijklmnop'
const ISSUER = 'https://auth.example.com'
const NOW = Date.parse('2026-11-01T12:00:00Z')
const CLAIMS = {
  iss: ISSUER,
  aud: ISSUER,
  sub: 'user',
  sid: 'session',
  jti: 'token',
  iat: NOW / 1000,
  exp: NOW / 1000 + 900,
  auth_time: NOW / 1000,
  type: 'access' as const,
  email: 'you@example.com',
  email_verified: true,
  roles: [],
  permissions: [],
  epoch: 1,
}

const ENV = {
  ENVIRONMENT: 'development',
  AUTH_SECRETS: SECRET,
  PASSWORD_PEPPER_V1: 'dGVzdC1vbmx5LXBlcHBlci1vZi0zMi1ieXRlcy4uLi4=',
}

const keysOf = (set: object | null) => {
  const config = configOf({ ...ENV, ...(set && { AUTH_SIGNING_KEYS: JSON.stringify(set) }) })
  return importSigningKeys(config.secrets, config.signingKeys)
}

const verify = async (token: string, set: object | null) =>
  verifyAccessToken(token, { keys: await keysOf(set), issuer: ISSUER, audience: ISSUER, now: NOW })

describe.each(['EdDSA', 'ES256'] as const)('%s', (algorithm) => {
  test('is what signs, and anybody verifies it by what is published', async () => {
    const keys = await keysOf(newKeySet(newKey(algorithm)))
    const token = await signAccessToken(CLAIMS, keys)
    const [published] = keys.accessTokens.published
    if (!published) throw new Error('nothing is published')
    expect(decodeProtectedHeader(token)).toEqual({
      alg: algorithm,
      typ: 'at+jwt',
      kid: published.kid,
    })
    expect(published.kid).toBe(await calculateJwkThumbprint({ ...published }))
    const { payload } = await jwtVerify(token, await importJWK({ ...published }, algorithm), {
      currentDate: new Date(NOW),
    })
    expect(payload).toEqual(CLAIMS)
  })

  test('nothing private is published', async () => {
    const set = newKeySet(newKey(algorithm))
    const { published } = (await keysOf(set)).accessTokens
    expect(JSON.stringify(published)).not.toContain(set.keys[0]?.d)
    expect(Object.keys({ ...published[0] })).not.toContain('d')
  })

  test('a token of another key, and one that names its algorithm otherwise, is none', async () => {
    const [set, other] = [newKeySet(newKey(algorithm)), newKeySet(newKey(algorithm))]
    const token = await signAccessToken(CLAIMS, await keysOf(other))
    expect(await verify(token, set)).toBeNull()
    const { published } = (await keysOf(set)).accessTokens
    const kid = published[0]?.kid ?? ''
    // RFC 8725 §2.1: HMAC by a public key, as whoever reads the published set could make it.
    const asSecret = new TextEncoder().encode(JSON.stringify(published[0]))
    const forged = await new SignJWT(CLAIMS)
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid })
      .sign(asSecret)
    expect(await verify(forged, set)).toBeNull()
  })
})

test('the secrets go on verifying, and sign again where the keys are gone', async () => {
  const set = newKeySet(newKey('ES256'))
  const before = await signAccessToken(CLAIMS, await keysOf(null))
  expect(await verify(before, set)).toEqual(CLAIMS)
  const after = await signAccessToken(CLAIMS, await keysOf(set))
  expect(await verify(after, null)).toBeNull()
})

test('a whole rotation: what was signed at a step verifies at the next', async () => {
  let set = newKeySet(newKey('ES256'))
  const steps = []
  const kids = new Set<string>()
  for (let turn = 0; turn < 6; turn++) {
    const token = await signAccessToken(CLAIMS, await keysOf(set))
    kids.add(decodeProtectedHeader(token).kid ?? '')
    const next = rotate(set, () => newKey('EdDSA'))
    steps.push(next.step)
    const { published } = (await keysOf(set)).accessTokens
    expect(await verify(token, next.set)).toEqual(CLAIMS)
    // Whoever fetched the set a step ago knows the key that signs after the step.
    const later = await signAccessToken(CLAIMS, await keysOf(next.set))
    const { kid } = decodeProtectedHeader(later)
    expect(published.map((key) => key.kid)).toContain(kid)
    set = next.set
  }
  expect(steps).toEqual(['published', 'signs', 'retired', 'published', 'signs', 'retired'])
  expect(kids.size).toBe(3)
})

describe('AUTH_SIGNING_KEYS is refused, without a word of what is in it', () => {
  const key = newKey('ES256')
  const { d: _, ...publicPart } = key
  test.each<[string, unknown]>([
    ['no JSON', '{"keys":'],
    ['no keys', { keys: [] }],
    ['no key that signs', { keys: [{ ...key, key_ops: ['verify'] }] }],
    ['two that sign', { keys: [key, newKey('EdDSA')].map((k) => ({ ...k, key_ops: ['sign'] })) }],
    ['a signer without its private part', { keys: [{ ...publicPart, key_ops: ['sign'] }] }],
    ['a key of no use', { keys: [key] }],
    ['another curve', { keys: [{ ...key, crv: 'P-521', key_ops: ['sign'] }] }],
    ['a symmetric key', { keys: [{ kty: 'oct', k: 'c2VjcmV0', key_ops: ['sign'] }] }],
  ])('%s', (_name, value) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    expect(() => configOf({ ...ENV, AUTH_SIGNING_KEYS: text })).toThrow(
      /^AUTH_SIGNING_KEYS must be a JWK set with one private key that signs/,
    )
  })
})
