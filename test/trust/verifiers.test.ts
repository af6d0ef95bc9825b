import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { newKey } from '../../scripts/signing-key-set'
import { signAccessToken } from '../../src/crypto/access-token'
import { importSigningKeys } from '../../src/crypto/signing-keys'
import {
  boundVerifier,
  keySetVerifier,
  localVerifier,
  remoteVerifier,
  VerificationUnavailable,
} from '../../src/verify/token-verifier'
import { createClient } from '../platform/client'
import { networkOf } from '../platform/following'
import { signUpPerson } from '../platform/people'

// What other Workers verify with: what comes out of their `env` may be missing, whatever its type says.

const ISSUER = 'https://auth.example.com'
const SECRET = 'test-only-secret-0123456789-abcdefghijklmnop'
const NOW = Date.parse('2026-11-01T12:00:00Z')
const told = { issuer: ISSUER, secrets: SECRET, revocations: null, clock: () => NOW }
const CLAIMS = {
  iss: ISSUER,
  aud: ISSUER,
  sub: 'ceo',
  sid: 'session',
  jti: 'token',
  iat: NOW / 1000,
  exp: NOW / 1000 + 900,
  auth_time: NOW / 1000,
  type: 'access' as const,
  email: 'ceo@bank.example',
  email_verified: true,
  roles: ['admin'],
  permissions: [],
  epoch: 0,
}

type Values = Readonly<Record<string, unknown>>
/** As JavaScript calls them, which looks at no type. */
const make = {
  localVerifier: (values: Values) => localVerifier({ ...told, ...values } as typeof told),
  keySetVerifier: (values: Values) => keySetVerifier({ ...told, ...values } as typeof told),
  remoteVerifier: ({ issuer: baseUrl = ISSUER }: Values) =>
    remoteVerifier({ baseUrl } as { baseUrl: string }),
  boundVerifier: ({ binding }: Values) => boundVerifier(binding as never),
}

describe('secrets that everybody could guess', () => {
  const weak: readonly [string, unknown][] = [
    ['none', undefined],
    ['empty', ''],
    ['a comma', ','],
    ['spaces and a comma', ' , '],
    ['short', 'hunter2'],
    ['31 bytes', SECRET.slice(0, 31)],
    ['a good one and a short one', `${SECRET}, hunter2`],
    ['one letter', 'a'.repeat(64)],
  ]
  test.each(weak)(
    '%s: refused when it is made, by name and without the value',
    (_name, secrets) => {
      const making = () => localVerifier({ ...told, secrets } as typeof told)
      expect(making).toThrow(/^secrets \(AUTH_SECRETS\) must (?:be|hold) /)
      expect(making).not.toThrow(/hunter2|0123456789|aaaa/)
    },
  )

  test('as the service itself reads them they are taken', async () => {
    const token = await signAccessToken(CLAIMS, await importSigningKeys([SECRET]))
    for (const secrets of [SECRET, ` ${SECRET} , other-${SECRET}`, `other-${SECRET},${SECRET},`]) {
      expect(await localVerifier({ ...told, secrets })(token)).toEqual(CLAIMS)
    }
    expect(await localVerifier({ ...told, secrets: `other-${SECRET}` })(token)).toBeNull()
  })

  test('make no keys, whoever asks', async () => {
    for (const secret of ['', ' ', 'x'.repeat(31)]) {
      await expect(importSigningKeys([secret])).rejects.toThrow(
        'a secret must be at least 32 bytes',
      )
      await expect(importSigningKeys([SECRET, secret])).rejects.toThrow(RangeError)
    }
    expect((await importSigningKeys(['ä'.repeat(16)])).current.kid).not.toBe('')
  })
})

describe('what would let everybody in, or nobody, is refused when a verifier is made', () => {
  const NO_ORIGINS = [
    ...[undefined, null, '', ' ', 'auth.example.com', '/auth', 'javascript:alert(1)'],
    ...['ftp://auth.example.com', 'data:,x', 'https://', 'https://user:pass@auth.example.com'],
    ...[
      'https://auth.example.com/app',
      'https://auth.example.com/?x',
      'https://auth.example.com/#x',
    ],
  ]
  test.each(NO_ORIGINS)('the origin %o', (issuer) => {
    for (const name of ['localVerifier', 'keySetVerifier'] as const) {
      expect(() => make[name]({ issuer }), name).toThrow(/^issuer must be the origin/)
    }
    const making = () => remoteVerifier({ baseUrl: issuer } as { baseUrl: string })
    expect(making).toThrow(/^baseUrl must be the origin/)
  })

  test.each(['localVerifier', 'keySetVerifier'] as const)('%s: the rest', (name) => {
    expect(() => make[name]({ audience: '' })).toThrow(/^audience must/)
    expect(() => make[name]({ revocations: undefined })).toThrow(/^revocations must/)
    for (const notBefore of [Number.NaN, Number.POSITIVE_INFINITY, '0', null]) {
      expect(() => make[name]({ notBefore })).toThrow(/^notBefore must/)
    }
    expect(() => make[name]({ audience: undefined, notBefore: undefined })).not.toThrow()
  })

  test('a binding that is not there', () => {
    for (const binding of [undefined, null]) {
      expect(() => make.boundVerifier({ binding })).toThrow(/^binding must/)
    }
  })

  test('an origin is what the service makes of it', async () => {
    const token = await signAccessToken(CLAIMS, await importSigningKeys([SECRET]))
    for (const issuer of [`${ISSUER}/`, 'https://AUTH.example.com', `${ISSUER}:443`]) {
      expect(await localVerifier({ ...told, issuer })(token), issuer).toEqual(CLAIMS)
    }
  })
})

describe('where the service answers with a redirect', () => {
  const token = async () => (await signUpPerson(createClient())).session.access_token
  const elsewhere = 'https://evil.example/taken'

  test.each([301, 302, 303, 307, 308])('%d: a token is never sent on', async (status) => {
    const own = 'http://127.0.0.1:8787'
    for (const location of [elsewhere, `${own}/auth/me`, '/elsewhere']) {
      const network = networkOf({
        [`${own}/auth/verify`]: () => new Response(null, { status, headers: { location } }),
        '*': () => Response.json(CLAIMS),
      })
      const verify = remoteVerifier({ baseUrl: own, fetch: network.fetch })
      await expect(verify(await token())).rejects.toThrow(VerificationUnavailable)
      expect(network.asked.map(({ url }) => url)).toEqual([`${own}/auth/verify`])
    }
  })

  test.each([301, 302, 303, 307, 308])('%d: keys are taken from nobody else', async (status) => {
    const { d, ...jwk } = newKey('ES256')
    const key = { algorithm: 'ES256' as const, jwk, privateJwk: { ...jwk, d } }
    const keys = await importSigningKeys([SECRET], [key])
    const network = networkOf({
      [`${ISSUER}/.well-known/jwks.json`]: () =>
        new Response(null, { status, headers: { location: elsewhere } }),
      '*': () => Response.json({ keys: keys.accessTokens.published }),
    })
    const verify = keySetVerifier({ ...told, fetch: network.fetch })
    await expect(verify(await signAccessToken(CLAIMS, keys))).rejects.toThrow(
      VerificationUnavailable,
    )
    expect(network.asked.map(({ url }) => url)).toEqual([`${ISSUER}/.well-known/jwks.json`])
  })

  test('the network of these tests follows where it is not told otherwise, with the token', async () => {
    const network = networkOf({
      'https://one.example/': () => Response.redirect('https://two.example/', 307),
      '*': () => new Response('there'),
    })
    const init = { headers: { Authorization: 'Bearer x' } }
    expect(await (await network.fetch('https://one.example/', init)).text()).toBe('there')
    expect(network.asked.map(({ url, authorization }) => [url, authorization])).toEqual([
      ['https://one.example/', 'Bearer x'],
      ['https://two.example/', 'Bearer x'],
    ])
  })
})

test('the resource server of the tests has the secrets of the service', () => {
  expect(() => localVerifier({ ...told, secrets: env.AUTH_SECRETS })).not.toThrow()
})
