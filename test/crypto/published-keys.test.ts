import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { newKey } from '../../scripts/signing-key-set'
import { signAccessToken } from '../../src/crypto/access-token'
import { publishedKeysOf, verifyByPublishedKey } from '../../src/crypto/published-keys'
import { importSigningKeys } from '../../src/crypto/signing-keys'

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

async function issuer() {
  const { d, ...jwk } = newKey('ES256')
  const secret = 'test-only-secret-0123456789-abcdefghijklmnop'
  const key = { algorithm: 'ES256' as const, jwk, privateJwk: { ...jwk, d } }
  return importSigningKeys([secret], [key])
}

const expected = { issuer: ISSUER, audience: ISSUER, now: NOW }

test('by the keys that the issuer publishes, fetched once', async () => {
  const keys = await issuer()
  const asked: string[] = []
  const published = publishedKeysOf(ISSUER, async (url) => {
    asked.push(String(url))
    return Response.json({ keys: keys.accessTokens.published })
  })
  const token = await signAccessToken(CLAIMS, keys)
  expect(await verifyByPublishedKey(token, published, expected)).toEqual(CLAIMS)
  expect(await verifyByPublishedKey(token, published, expected)).toEqual(CLAIMS)
  expect(asked).toEqual([`${ISSUER}/.well-known/jwks.json`])
})

describe('null', () => {
  test.each<[string, object, object]>([
    ['expired', { exp: NOW / 1000 }, {}],
    ['of another issuer', { iss: 'https://other.example' }, {}],
    ['for somebody else', { aud: 'https://other.example' }, {}],
    ['without a session', { sid: undefined }, {}],
    ['for another audience', {}, { audience: 'https://other.example' }],
    ['of before what counts', {}, { notBefore: NOW + 1 }],
  ])('%s', async (_name, claims, expects) => {
    const keys = await issuer()
    const published = publishedKeysOf(ISSUER, async () =>
      Response.json({ keys: keys.accessTokens.published }),
    )
    const token = await signAccessToken({ ...CLAIMS, ...claims }, keys)
    expect(await verifyByPublishedKey(token, published, { ...expected, ...expects })).toBeNull()
  })

  // The issuer may sign other things with the same key: an ID token, a token for a refresh, a signed event.
  test.each(['JWT', 'rt+jwt', 'jwt', 'logout+jwt', 'application/jwt', '', undefined])(
    'of another kind: typ %o',
    async (typ) => {
      const keys = await issuer()
      const { key, kid } = keys.accessTokens.signer
      const published = publishedKeysOf(ISSUER, async () =>
        Response.json({ keys: keys.accessTokens.published }),
      )
      const signed = (header: object) =>
        new SignJWT(CLAIMS).setProtectedHeader({ alg: 'ES256', kid, ...header }).sign(key)
      const verify = (token: string) => verifyByPublishedKey(token, published, expected)
      expect(await verify(await signed({ typ }))).toBeNull()
      expect(await verify(await signed({ typ: 'at+jwt' }))).toEqual(CLAIMS)
      // RFC 7515 §4.1.9: the same type, written in full.
      expect(await verify(await signed({ typ: 'application/at+jwt' }))).toEqual(CLAIMS)
    },
  )

  test('by a key that is not published', async () => {
    const published = publishedKeysOf(ISSUER, async () => Response.json({ keys: [] }))
    const token = await signAccessToken(CLAIMS, await issuer())
    expect(await verifyByPublishedKey(token, published, expected)).toBeNull()
  })
})

test.each<[string, () => Promise<Response>]>([
  ['cannot be reached', () => Promise.reject(new Error('away'))],
  ['fails', async () => new Response('', { status: 500 })],
  ['answers something else', async () => Response.json('no')],
])('a set that %s says nothing of the token', async (_name, fetch) => {
  const token = await signAccessToken(CLAIMS, await issuer())
  const verified = verifyByPublishedKey(token, publishedKeysOf(ISSUER, fetch), expected)
  await expect(verified).rejects.toThrow()
})
