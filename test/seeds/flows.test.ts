import { describe, expect, test } from 'vitest'
import { createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { newEmail, PASSWORD } from '../platform/people'
import { setActive } from '../platform/records'

// The flows that the systems document which this service replaces, under each name they used. Where a
// body or a status is ours and not theirs, README has the table.

const client = createClient()

const SYSTEMS = [
  { prefix: '/auth', signup: 'signup', login: 'login' },
  { prefix: '/api/auth', signup: 'register', login: 'login' },
  { prefix: '/v1/auth', signup: 'signup', login: 'signin' },
  { prefix: '/auth', signup: 'register', login: 'signin' },
]

describe.each(SYSTEMS)('$prefix/$signup and $prefix/$login', ({ prefix, signup, login }) => {
  const post = (name: string, body: object) => client.post(`${prefix}/${name}`, { body })
  const me = (token?: string) => client.get(`${prefix}/me`, token === undefined ? {} : { token })
  const refresh = (refresh_token: string) => post('refresh', { refresh_token })
  const somebody = async () => {
    const email = newEmail()
    const session = sessionOf(await post(signup, { email, password: PASSWORD, full_name: 'Ada' }))
    return { email, session }
  }

  test('signup answers 201 with the user and without the password', async () => {
    const email = newEmail()
    const answer = await post(signup, { email, password: PASSWORD, full_name: 'Ada Lovelace' })
    expect(answer.status).toBe(201)
    expect(sessionOf(answer).user).toMatchObject({ email, name: 'Ada Lovelace', is_active: true })
    expect(JSON.stringify(answer.body)).not.toMatch(/password|hash/i)
  })

  test('signup refuses a duplicate with 409 and bad input with 400', async () => {
    const { email } = await somebody()
    expect(refusal(await post(signup, { email, password: PASSWORD }))).toBe('409 email_taken')
    const bad = [
      { email: 'not-an-email', password: PASSWORD },
      { email: newEmail(), password: 'short' },
      { email: newEmail() },
      {},
    ]
    for (const body of bad) expect((await post(signup, body)).status).toBe(400)
  })

  test('login answers 200 with tokens', async () => {
    const { email } = await somebody()
    const answer = await post(login, { email, password: PASSWORD })
    expect(answer.status).toBe(200)
    expect(sessionOf(answer)).toMatchObject({ token_type: 'bearer', user: { email } })
  })

  test('login refuses a wrong password with 401, an unknown email alike, a disabled account with 403', async () => {
    const { email, session } = await somebody()
    expect((await post(login, { email, password: 'wrong password' })).status).toBe(401)
    expect((await post(login, { email: newEmail(), password: PASSWORD })).status).toBe(401)
    await setActive(session.user.id, false)
    expect((await post(login, { email, password: PASSWORD })).status).toBe(403)
  })

  test('login moves last_login_at', async () => {
    const { email, session } = await somebody()
    expect(session.user.last_login_at).toBeNull()
    const before = sessionOf(await post(login, { email, password: PASSWORD })).user.last_login_at
    advanceSeconds(3600)
    const after = sessionOf(await post(login, { email, password: PASSWORD })).user.last_login_at
    expect(Date.parse(after ?? '') - Date.parse(before ?? '')).toBe(3600_000)
  })

  test('me answers 401 without a token and 200 with one', async () => {
    const { email, session } = await somebody()
    expect((await me()).status).toBe(401)
    expect((await me('not.a.token')).status).toBe(401)
    const answer = await me(session.access_token)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ email, roles: ['user'] })
  })

  test('refresh gives an access token that works and a refresh token that is new', async () => {
    const { session } = await somebody()
    advanceSeconds(1000)
    expect((await me(session.access_token)).status).toBe(401)
    const next = sessionOf(await refresh(session.refresh_token))
    expect(next.refresh_token).not.toBe(session.refresh_token)
    expect((await me(next.access_token)).status).toBe(200)
  })

  test('refresh takes no access token', async () => {
    const { session } = await somebody()
    expect((await refresh(session.access_token)).status).toBe(401)
  })

  test('refresh is refused after logout', async () => {
    const { session } = await somebody()
    const answer = await client.post(`${prefix}/logout`, { token: session.access_token })
    expect(answer.status).toBe(200)
    expect((await refresh(session.refresh_token)).status).toBe(401)
    expect((await me(session.access_token)).status).toBe(401)
  })

  test('refresh is refused when expired, replayed late, idle or disabled', async () => {
    const idle = await somebody()
    advanceSeconds(7 * 86_400)
    expect((await refresh(idle.session.refresh_token)).status).toBe(401)
    const expired = await somebody()
    advanceSeconds(31 * 86_400)
    expect((await refresh(expired.session.refresh_token)).status).toBe(401)
    const replayed = await somebody()
    const next = sessionOf(await refresh(replayed.session.refresh_token))
    advanceSeconds(11)
    expect((await refresh(replayed.session.refresh_token)).status).toBe(401)
    expect((await refresh(next.refresh_token)).status).toBe(401)
    const disabled = await somebody()
    await setActive(disabled.session.user.id, false)
    expect((await refresh(disabled.session.refresh_token)).status).toBe(401)
  })
})

test('an alias is a whole segment, no more and no less', async () => {
  for (const path of [
    '/api/auth2/login',
    '/auth/registered',
    '/auth/signin/x',
    '/v1/v1/auth/login',
  ]) {
    expect((await client.post(path, { body: {} })).status, path).toBe(404)
  }
})
