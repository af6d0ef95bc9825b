import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { type Client, createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedEvents } from '../platform/logs'
import { signUpPerson } from '../platform/people'
import { rows, setActive } from '../platform/records'

const SECRET = 'the-secret-of-the-old-system-0123456789'
const vars = {
  AUTH_LEGACY_SECRET: SECRET,
  AUTH_LEGACY_UNTIL: '2026-11-08T12:00:00Z',
  AUTH_LEGACY_CLAIMS: '{}',
}
const client = createClient({ vars })

function legacyToken(claims: object, { secret = SECRET, seconds = 3600, header = {} } = {}) {
  const exp = Math.floor(Date.now() / 1000) + seconds
  return new SignJWT({ exp, ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', ...header })
    .sign(new TextEncoder().encode(secret))
}

/** Somebody whom the replaced system knew: an import leaves the epoch at 0. */
async function importPerson() {
  const person = await signUpPerson(client)
  await rows('update users set auth_epoch = 0 where id = ?', person.userId)
  return person
}

const both = async (token: string, by: Client = client) => [
  await by.get('/auth/me', { token }),
  await by.get('/auth/verify', { token }),
]

describe('an access token of the replaced system', () => {
  test('is good for me and verify, by user id or by email, and counted', async () => {
    const { userId, email } = await importPerson()
    for (const claims of [
      { sub: userId },
      { sub: email.toUpperCase(), type: 'access', role: 'admin' },
    ]) {
      const [me, verify] = await both(await legacyToken(claims))
      expect(me?.body).toMatchObject({ id: userId, email, roles: ['user'] })
      expect(verify?.body).toMatchObject({
        sub: userId,
        roles: ['user'],
        permissions: [],
        epoch: 0,
      })
      expect(verify?.body).not.toHaveProperty('sid')
      expect(me?.cost.d1).toBe(1)
      expect(verify?.cost.d1).toBe(1)
    }
    expect(loggedEvents('legacy_token_used')).toHaveLength(4)
  })

  test('ends with its own expiry, and never lives past AUTH_LEGACY_UNTIL', async () => {
    const { userId } = await importPerson()
    const short = await legacyToken({ sub: userId })
    const long = await legacyToken({ sub: userId }, { seconds: 30 * 86_400 })
    advanceSeconds(3600)
    expect((await both(short)).map(refusal)).toEqual(Array(2).fill('401 invalid_token'))
    const [, verify] = await both(long)
    expect(verify?.body).toMatchObject({ exp: Date.parse('2026-11-08T12:00:00Z') / 1000 })
    advanceSeconds(7 * 86_400 - 3600)
    expect((await both(long)).map(refusal)).toEqual(Array(2).fill('401 invalid_token'))
  })

  test('opens nothing else: no sessions, no refresh, no logout', async () => {
    const { userId } = await importPerson()
    const token = await legacyToken({ sub: userId })
    expect(refusal(await client.get('/auth/sessions', { token }))).toBe('401 invalid_token')
    expect(refusal(await client.delete('/auth/sessions', { token }))).toBe('401 invalid_token')
    expect(refusal(await client.post('/auth/logout', { token }))).toBe('401 invalid_token')
    const body = { refresh_token: token }
    expect(refusal(await client.post('/auth/refresh', { body }))).toBe('401 invalid_refresh_token')
  })

  test('is over for a user who was disabled, or ended all their tokens', async () => {
    const disabled = await importPerson()
    await setActive(disabled.userId, false)
    const person = await importPerson()
    const token = await legacyToken({ sub: person.userId })
    await client.delete('/auth/sessions', { token: person.session.access_token })
    const refused = [
      ...(await both(await legacyToken({ sub: disabled.userId }))),
      ...(await both(token)),
    ]
    expect(refused.map(refusal)).toEqual(Array(4).fill('401 invalid_token'))
  })
})

describe('what is not one', () => {
  test('of an account that somebody signed up for here, under an address it knew', async () => {
    const { email, userId } = await signUpPerson(client)
    for (const sub of [email, userId]) {
      const refused = await both(await legacyToken({ sub }))
      expect(refused.map(refusal)).toEqual(Array(2).fill('401 invalid_token'))
    }
  })

  const wrong: Record<string, (sub: string) => Promise<string>> = {
    'under another secret': (sub) => legacyToken({ sub }, { secret: 'another-secret-altogether' }),
    'a refresh token': (sub) => legacyToken({ sub, type: 'refresh' }),
    'for another purpose': (sub) => legacyToken({ sub, purpose: 'password_reset' }),
    'of another token type': (sub) => legacyToken({ sub, token_type: 'refresh' }),
    'with a session': (sub) => legacyToken({ sub, sid: 'session' }),
    'typed as one of ours': (sub) => legacyToken({ sub }, { header: { typ: 'at+jwt' } }),
    'of nobody': () => legacyToken({ sub: 'nobody@example.com' }),
    'without a subject': () => legacyToken({}),
    'without an expiry': (sub) => legacyToken({ sub, exp: undefined }),
    'of another algorithm': (sub) => legacyToken({ sub }, { header: { alg: 'HS384' } }),
  }
  test.each(Object.entries(wrong))('%s', async (_name, make) => {
    const { userId } = await importPerson()
    expect((await both(await make(userId))).map(refusal)).toEqual(
      Array(2).fill('401 invalid_token'),
    )
  })

  test('any, where the deployment has not asked for them', async () => {
    const { userId } = await importPerson()
    const token = await legacyToken({ sub: userId })
    const refused = await both(token, createClient())
    expect(refused.map(refusal)).toEqual(Array(2).fill('401 invalid_token'))
  })

  test('and our own tokens are taken as ever', async () => {
    const { session } = await signUpPerson(client)
    const answers = await both(session.access_token)
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
  })
})
