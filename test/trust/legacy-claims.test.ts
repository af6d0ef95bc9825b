import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { createClient, refusal } from '../platform/client'
import { loggedEvents } from '../platform/logs'
import { signUpPerson } from '../platform/people'
import { rows } from '../platform/records'

// The replaced system signed more than access tokens with its secret.

const SECRET = 'legacy-secret-0123456789-abcdefghijklmnop'

function clientOf(marks: object) {
  const vars = {
    AUTH_LEGACY_SECRET: SECRET,
    AUTH_LEGACY_UNTIL: '2027-01-01T00:00:00Z',
    AUTH_LEGACY_CLAIMS: JSON.stringify(marks),
  }
  return createClient({ vars })
}

async function importPerson(): Promise<string> {
  const { email, userId } = await signUpPerson(createClient())
  await rows('update users set auth_epoch = 0 where id = ?', userId)
  return email
}

const tokenOf = (claims: object) =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setExpirationTime(Math.floor(Date.now() / 1000) + 600)
    .sign(new TextEncoder().encode(SECRET))

describe.each([
  ['nothing', {}],
  ['a type', { type: 'access' }],
  ['an audience', { aud: 'fastapi-users:auth' }],
])('where access tokens are known by %s', (_name, marks) => {
  const client = clientOf(marks)

  test('one is taken', async () => {
    const token = await tokenOf({ sub: await importPerson(), ...marks })
    expect((await client.get('/auth/me', { token })).status).toBe(200)
    expect((await client.get('/auth/verify', { token })).status).toBe(200)
  })

  test.each([
    { scope: 'password_reset' },
    { aud: 'fastapi-users:verify' },
    { aud: 'fastapi-users:reset', password_fgpt: 'x' },
    { aud: ['fastapi-users:auth', 'fastapi-users:reset'] },
    { password_fgpt: 'x' },
    { action: 'verify_email' },
    { purpose: 'password_reset' },
    { use: 'refresh' },
    { token_use: 'id' },
    { typ: 'refresh' },
    { type: 'refresh' },
    { aud: 'some-other-service' },
  ])('%o is none', async (claims) => {
    const token = await tokenOf({ sub: await importPerson(), ...marks, ...claims })
    for (const path of ['/auth/me', '/auth/verify']) {
      expect(refusal(await client.get(path, { token }))).toBe('401 invalid_token')
    }
    expect(loggedEvents('legacy_token_used')).toEqual([])
  })
})

test('what lacks the claims that were named is none', async () => {
  const token = await tokenOf({ sub: await importPerson() })
  for (const marks of [{ type: 'access' }, { aud: 'app' }, { ver: 1 }]) {
    expect(refusal(await clientOf(marks).get('/auth/me', { token }))).toBe('401 invalid_token')
  }
})
