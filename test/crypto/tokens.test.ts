import { base64url, type JWTHeaderParameters, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { signAccessToken, verifyAccessToken } from '../../src/crypto/access-token'
import {
  hashRefreshTokenId,
  newRefreshTokenId,
  signRefreshToken,
  successorTokenId,
  verifyRefreshToken,
} from '../../src/crypto/refresh-token'
import { importSigningKeys, type SigningKeys } from '../../src/crypto/signing-keys'

const NOW = Date.parse('2026-11-01T12:00:00.000Z')
const SECONDS = NOW / 1000
const ISSUER = 'https://auth.example.com'
const AUDIENCE = 'https://api.example.com'
const FIRST = 'first-secret-0123456789-abcdefghijklmnopqrstuv'
const SECOND = 'second-secret-0123456789-abcdefghijklmnopqrstu'

const ACCESS = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'user-1',
  sid: 'session-1',
  jti: 'token-1',
  iat: SECONDS,
  exp: SECONDS + 900,
  auth_time: SECONDS,
  type: 'access' as const,
  email: 'you@example.com',
  email_verified: true,
  roles: ['user'],
  permissions: [],
  epoch: 0,
}
const REFRESH = {
  iss: ISSUER,
  aud: ISSUER,
  sub: 'user-1',
  sid: 'session-1',
  jti: 'token-1',
  iat: SECONDS,
  exp: SECONDS + 3600,
  type: 'refresh' as const,
}

let keys: SigningKeys
beforeAll(async () => {
  keys = await importSigningKeys([FIRST])
})

const verifyAccess = (token: string, now = NOW) =>
  verifyAccessToken(token, { keys, issuer: ISSUER, audience: AUDIENCE, now })
const verifyRefresh = (token: string, now = NOW) =>
  verifyRefreshToken(token, { keys, issuer: ISSUER, now })

/** A token signed with the service's own keys, with any claims and header. */
function forge(
  key: CryptoKey,
  claims: JWTPayload,
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  const given = { alg: 'HS256', typ: 'at+jwt', kid: keys.current.kid, ...header }
  return new SignJWT(claims).setProtectedHeader(given).sign(key, { crit: { 'x-strange': true } })
}

const without = (claim: string): JWTPayload =>
  Object.fromEntries(Object.entries(ACCESS).filter(([name]) => name !== claim))

describe('an access token', () => {
  test('gives its claims back', async () => {
    expect(await verifyAccess(await signAccessToken(ACCESS, keys))).toEqual(ACCESS)
  })

  const defaulted = ['email_verified', 'roles', 'permissions']
  const required = Object.keys(ACCESS).filter((claim) => !defaulted.includes(claim))
  test.each(required)('without %s is refused', async (claim) => {
    expect(await verifyAccess(await forge(keys.current.accessToken, without(claim)))).toBeNull()
  })

  test('from before email_verified says that it is not', async () => {
    const older = await forge(keys.current.accessToken, without('email_verified'))
    expect(await verifyAccess(older)).toEqual({ ...ACCESS, email_verified: false })
  })

  const wrong: Record<string, JWTPayload> = {
    'of another issuer': { ...ACCESS, iss: 'https://evil.example.com' },
    'for another audience': { ...ACCESS, aud: ISSUER },
    'expired by a second': { ...ACCESS, exp: SECONDS - 1 },
    'expiring this second': { ...ACCESS, exp: SECONDS },
    'issued more than a minute ahead': { ...ACCESS, iat: SECONDS + 61 },
    'not valid yet': { ...ACCESS, nbf: SECONDS + 1 },
    'of another type': { ...ACCESS, type: 'refresh' },
    'with an expiry in words': { ...ACCESS, exp: 'never' as unknown as number },
    'with an email_verified that is a text': { ...ACCESS, email_verified: 'true' },
    'with an epoch that is no number': { ...ACCESS, epoch: '0' },
  }
  test.each(Object.entries(wrong))('%s is refused', async (_name, claims) => {
    expect(await verifyAccess(await forge(keys.current.accessToken, claims))).toBeNull()
  })

  const headers: Record<string, Partial<JWTHeaderParameters>> = {
    'another typ': { typ: 'JWT' },
    'the typ of a refresh token': { typ: 'rt+jwt' },
    'an unknown kid': { kid: 'nobody' },
    'a kid that is no text': { kid: 7 as unknown as string },
    'an extension that must be understood': { crit: ['x-strange'], 'x-strange': true },
  }
  test.each(Object.entries(headers))('with %s is refused', async (_name, header) => {
    expect(await verifyAccess(await forge(keys.current.accessToken, ACCESS, header))).toBeNull()
  })

  test('without typ or kid is refused', async () => {
    const { kid } = keys.current
    for (const header of [
      { alg: 'HS256', kid },
      { alg: 'HS256', typ: 'at+jwt' },
    ]) {
      const token = await new SignJWT(ACCESS)
        .setProtectedHeader(header)
        .sign(keys.current.accessToken)
      expect(await verifyAccess(token)).toBeNull()
    }
  })

  test('issued up to a minute ahead, by another machine, is taken', async () => {
    const claims = { ...ACCESS, iat: SECONDS + 60 }
    expect(await verifyAccess(await forge(keys.current.accessToken, claims))).toEqual(claims)
  })

  test('with another algorithm is refused', async () => {
    const algorithm = { name: 'HMAC', hash: 'SHA-512' }
    const bytes = new Uint8Array(64)
    const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign'])
    expect(await verifyAccess(await forge(key, ACCESS, { alg: 'HS512' }))).toBeNull()
    expect(await verifyAccess(new UnsecuredJWT(ACCESS).encode())).toBeNull()
    const header = base64url.encode(
      JSON.stringify({ alg: 'none', typ: 'at+jwt', kid: keys.current.kid }),
    )
    const [, payload] = (await signAccessToken(ACCESS, keys)).split('.')
    expect(await verifyAccess(`${header}.${payload}.`)).toBeNull()
  })

  test('signed with the key of refresh tokens is refused, and the other way round', async () => {
    expect(await verifyAccess(await forge(keys.current.refreshToken, ACCESS))).toBeNull()
    const access = await forge(keys.current.accessToken, REFRESH, { typ: 'rt+jwt' })
    expect(await verifyRefresh(access)).toBeNull()
  })

  test('changed in any part is refused', async () => {
    const token = await signAccessToken(ACCESS, keys)
    const parts = token.split('.')
    for (const index of [0, 1, 2]) {
      const flipped = parts.map((part, i) =>
        i === index ? `${part.slice(0, 5)}${part[5] === 'A' ? 'B' : 'A'}${part.slice(6)}` : part,
      )
      expect(await verifyAccess(flipped.join('.')), `part ${index}`).toBeNull()
    }
    for (const text of ['', '.', '..', 'a.b.c', token.slice(0, -1), `${token}.`, parts[1] ?? '']) {
      expect(await verifyAccess(text), text).toBeNull()
    }
  })

  test('expired is taken only where age is no fault, and nothing else is', async () => {
    const expected = { keys, issuer: ISSUER, audience: AUDIENCE, now: NOW, acceptExpired: true }
    const old = { ...ACCESS, iat: SECONDS - 5000, exp: SECONDS - 4000 }
    expect(await verifyAccessToken(await signAccessToken(old, keys), expected)).toEqual(old)
    const foreign = await forge(keys.current.accessToken, { ...old, iss: 'https://evil.example' })
    expect(await verifyAccessToken(foreign, expected)).toBeNull()
    const unsigned = await forge(keys.current.refreshToken, old)
    expect(await verifyAccessToken(unsigned, expected)).toBeNull()
  })
})

describe('a refresh token', () => {
  test('gives its claims back, and is the same text each time', async () => {
    const token = await signRefreshToken(REFRESH, keys)
    expect((await verifyRefresh(token))?.claims).toEqual(REFRESH)
    expect(await signRefreshToken({ ...REFRESH }, keys)).toBe(token)
  })

  test('is not an access token, nor the other way round', async () => {
    expect(await verifyAccess(await signRefreshToken(REFRESH, keys))).toBeNull()
    expect(await verifyRefresh(await signAccessToken(ACCESS, keys))).toBeNull()
  })

  test('past the end of its session is refused', async () => {
    const token = await signRefreshToken(REFRESH, keys)
    expect(await verifyRefresh(token, NOW + 3600_000)).toBeNull()
  })

  test('has an id of 256 random bits, of which only a hash is kept', async () => {
    const [id, other] = [newRefreshTokenId(), newRefreshTokenId()]
    expect(base64url.decode(id)).toHaveLength(32)
    expect(id).not.toBe(other)
    expect(await hashRefreshTokenId(id)).toMatch(/^[\w-]{43}$/)
    expect(await hashRefreshTokenId(id)).not.toBe(id)
  })

  test('has one successor, which depends on token, session and secret', async () => {
    const rotated = await importSigningKeys([SECOND, FIRST])
    const verified = async (claims: typeof REFRESH, by: SigningKeys) => {
      const token = await signRefreshToken(claims, by)
      const result = await verifyRefreshToken(token, { keys: rotated, issuer: ISSUER, now: NOW })
      if (!result) throw new Error('not verified')
      return successorTokenId(result)
    }
    const successor = await verified(REFRESH, keys)
    expect(await verified(REFRESH, keys)).toBe(successor)
    const others = [
      await verified({ ...REFRESH, jti: 'token-2' }, keys),
      await verified({ ...REFRESH, sid: 'session-2' }, keys),
      await verified(REFRESH, rotated),
    ]
    expect(new Set([successor, ...others]).size).toBe(4)
  })
})

describe('secrets', () => {
  test('the first signs and all verify', async () => {
    const rotated = await importSigningKeys([SECOND, FIRST])
    const expected = { keys: rotated, issuer: ISSUER, audience: AUDIENCE, now: NOW }
    expect(await verifyAccessToken(await signAccessToken(ACCESS, keys), expected)).toEqual(ACCESS)
    expect(await verifyAccess(await signAccessToken(ACCESS, rotated))).toBeNull()
  })

  test('the key id names a secret and does not tell it', async () => {
    const again = await importSigningKeys([FIRST])
    expect(again.current.kid).toBe(keys.current.kid)
    expect(keys.current.kid).toMatch(/^[\w-]{12}$/)
  })

  test('a key that cannot verify is a fault of ours, not a bad token', async () => {
    const token = await signAccessToken(ACCESS, keys)
    const aes = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
      'encrypt',
    ])
    if (!(aes instanceof CryptoKey)) throw new Error('one key was asked for')
    const { signer } = keys.accessTokens
    const verifiers = new Map([[signer.kid, { ...signer, key: aes }]])
    const expected = {
      keys: { ...keys, accessTokens: { ...keys.accessTokens, verifiers } },
      issuer: ISSUER,
      audience: AUDIENCE,
      now: NOW,
    }
    await expect(verifyAccessToken(token, expected)).rejects.toThrow(TypeError)
  })
})
