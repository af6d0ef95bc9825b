import { SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { verifyLegacyToken } from '../../src/crypto/legacy-token'

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
    expect(await verifyLegacyToken(token, { secret, now: NOW })).toEqual(claims)
  }
  const numbered = await sign({ sub: 7, exp, iat: exp - 60, type: 'access' })
  expect(await verifyLegacyToken(numbered, { secret, now: NOW })).toEqual({
    sub: '7',
    exp,
    iat: exp - 60,
    type: 'access',
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
    expect(await verifyLegacyToken(token, { secret, now: NOW }), token).toBeNull()
  }
})
