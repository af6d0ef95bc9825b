import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { type LegacyMarks, verifyLegacyToken } from '../../src/crypto/legacy-token'

const NOW = Date.parse('2026-11-01T12:00:00.000Z')
const secret = 'the-secret-of-the-old-system-0123456789'
const exp = NOW / 1000 + 60

const sign = (claims: object, header = {}, by = secret) =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(new TextEncoder().encode(by))

test('the claims, with typ JWT or none, of a subject in text or number', async () => {
  const claims = { sub: 'user-1', exp }
  for (const header of [{}, { typ: 'JWT' }]) {
    const token = await sign(claims, header)
    expect(await verifyLegacyToken(token, { secret, marks: {}, now: NOW })).toEqual(claims)
  }
  const numbered = await sign({ sub: 7, exp, iat: exp - 60, type: 'access' })
  expect(await verifyLegacyToken(numbered, { secret, marks: {}, now: NOW })).toEqual({
    sub: '7',
    exp,
    iat: exp - 60,
  })
})

test('null for anything else', async () => {
  const refused = [
    '',
    'a.b.c',
    await sign({ sub: 'user-1', exp }, {}, 'another secret of the same length 012345'),
    await sign({ sub: 'user-1', exp }, { typ: 'at+jwt' }),
    await sign({ sub: 'user-1', exp }, { alg: 'HS512' }),
    await sign({ sub: 'user-1', exp: NOW / 1000 }),
    await sign({ sub: 'user-1' }),
    await sign({ exp }),
    await sign({ sub: '', exp }),
    await sign({ sub: 'user-1', exp, sid: 'session' }),
    await sign({ sub: 'user-1', exp, type: 'refresh' }),
    await sign({ sub: 'user-1', exp, purpose: 'verify' }),
  ]
  for (const token of refused) {
    expect(await verifyLegacyToken(token, { secret, marks: {}, now: NOW }), token).toBeNull()
  }
})

describe('what it says of its use', () => {
  const verify = async (claims: object, marks: LegacyMarks = {}) => {
    const token = await sign({ sub: 'user-1', exp, ...claims })
    return (await verifyLegacyToken(token, { secret, marks, now: NOW })) !== null
  }

  test.each([
    ...['action', 'intent', 'kind', 'operation', 'purpose', 'usage', 'use', 'token_use'],
    ...['type', 'typ', 'token_type', 'tokenType', 'scope', 'scopes', 'scp'],
    ...['password_fgpt', 'password_fingerprint', 'nonce', 'events'],
  ])('%s: absent, access, or as it was named', async (name) => {
    expect(await verify({ [name]: 'access' })).toBe(true)
    for (const other of ['reset', 'ACCESS', '', null, 0, true, [], ['access', 'reset'], {}]) {
      expect(await verify({ [name]: other }), JSON.stringify(other)).toBe(false)
    }
    expect(await verify({ [name]: 'bearer' }, { [name]: 'bearer' })).toBe(true)
    expect(await verify({ [name]: 'access' }, { [name]: 'bearer' })).toBe(false)
    expect(await verify({}, { [name]: 'bearer' })).toBe(false)
  })

  test('an audience: absent, or as it was named, and no other beside it', async () => {
    for (const aud of ['app', 'access', ['app'], [], null])
      expect(await verify({ aud })).toBe(false)
    for (const aud of ['app', ['app']]) expect(await verify({ aud }, { aud: 'app' })).toBe(true)
    for (const aud of [undefined, 'other', ['app', 'other'], []]) {
      expect(await verify({ aud }, { aud: 'app' }), JSON.stringify(aud)).toBe(false)
    }
    expect(await verify({ aud: ['app', 'web'] }, { aud: ['app', 'web'] })).toBe(true)
  })

  test('every mark is asked for, a number and a truth too, and of several values one', async () => {
    const marks = { scope: ['me', 'me items'], ver: 2, fresh: false }
    expect(await verify({ scope: 'me', ver: 2, fresh: false }, marks)).toBe(true)
    expect(await verify({ scope: 'me items', ver: 2, fresh: false, other: 1 }, marks)).toBe(true)
    for (const wrong of [
      { scope: 'me', ver: 2 },
      { scope: 'me', ver: '2', fresh: false },
      { scope: 'me', ver: 2, fresh: true },
      { scope: 'items', ver: 2, fresh: false },
    ]) {
      expect(await verify(wrong, marks), JSON.stringify(wrong)).toBe(false)
    }
  })

  test('no mark makes one of a token with a session', async () => {
    expect(await verify({ sid: 'session' }, { sid: 'session' })).toBe(false)
  })
})
