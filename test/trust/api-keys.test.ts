import { describe, expect, test } from 'vitest'
import { signUpHolder } from '../platform/administrators'
import { newKey, withKey } from '../platform/api-keys'
import { preempt } from '../platform/bindings'
import { type ClientOptions, createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { logInAgain, PASSWORD, signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

// An access token that was stolen makes no credential that outlives it.

const DAY = 86_400
const NEXT_PASSWORD = 'another horse, another battery'
const INSUFFICIENT = '401 insufficient_user_authentication'

const client = createClient()

const make = (token: string, body: object = {}, by = client) =>
  by.post('/auth/api-keys', { token, body: { name: 'x', ...body } })
const keysOf = (userId: string) => rows('select * from api_keys where user_id = ?', userId)
const me = (key: string, options: ClientOptions = {}) =>
  createClient(options).get('/auth/me', withKey(key))

const inDays = (days: number, more = 0) =>
  new Date(Date.now() + days * DAY * 1000 + more).toISOString()

/** A user whose access token counts for an hour, by a login of that long ago. */
async function loggedInAgo(seconds: number) {
  const by = createClient({ vars: { AUTH_ACCESS_TTL: '3600' } })
  const person = await signUpPerson(by)
  advanceSeconds(seconds)
  return { ...person, token: person.session.access_token }
}

describe('making one asks who is there', () => {
  test('a login of 300 seconds ago is enough', async () => {
    const { token, userId } = await loggedInAgo(300)
    expect((await make(token)).status).toBe(201)
    expect(await keysOf(userId)).toHaveLength(1)
  })

  test('one of 301 seconds is not: nothing is made, counted or mailed, and D1 is not asked', async () => {
    const { token, userId } = await loggedInAgo(301)
    const before = await rows('select * from login_attempts')
    const answer = await make(token)
    expect(refusal(answer)).toBe(INSUFFICIENT)
    expect(answer.headers.get('WWW-Authenticate')).toBe(
      'Bearer realm="gatehouse", error="insufficient_user_authentication", max_age=300',
    )
    expect(answer.cost).toMatchObject({ d1: 0, derivations: 0 })
    expect(await keysOf(userId)).toEqual([])
    expect(await rows('select * from login_attempts')).toEqual(before)
  })

  test('a refresh makes no login recent', async () => {
    const person = await loggedInAgo(301)
    const body = { refresh_token: person.session.refresh_token }
    const refreshed = await client.post('/auth/refresh', { body })
    const { access_token } = refreshed.body as { access_token: string }
    expect(refusal(await make(access_token))).toBe(INSUFFICIENT)
    expect(refusal(await make(access_token, { password: null }))).toBe(INSUFFICIENT)
    expect(await keysOf(person.userId)).toEqual([])
  })

  test('the password stands in for it, and its attempt is taken back', async () => {
    const { token, userId } = await loggedInAgo(301)
    const answer = await make(token, { password: PASSWORD })
    expect(answer.status).toBe(201)
    expect(answer.cost.d1).toBe(2)
    expect(await keysOf(userId)).toHaveLength(1)
    for (let again = 0; again < 6; again++) await make(token, { password: PASSWORD })
    expect(await keysOf(userId)).toHaveLength(7)
  })

  test('a wrong one is refused also right after a login, counted and recorded', async () => {
    const { token, userId } = await loggedInAgo(0)
    for (let guess = 0; guess < 5; guess++) {
      expect(refusal(await make(token, { password: 'not it' }))).toBe('403 wrong_password')
    }
    expect(refusal(await make(token, { password: PASSWORD }))).toBe('429 too_many_attempts')
    expect(await keysOf(userId)).toEqual([])
    const events = await rows(
      `select subject_personal from audit_events where actor_id = ? and type = 'password_check_failed'`,
      userId,
    )
    const details = events.map(
      ({ subject_personal }) => JSON.parse(String(subject_personal)).detail,
    )
    expect(details).toEqual([
      { for: 'api_key_created', failures: '1' },
      { for: 'api_key_created', failures: '5' },
    ])
  })

  test('a password that was changed while it was verified makes none', async () => {
    const { token, userId } = await loggedInAgo(301)
    const change = () => rows(`update users set password_hash = 'other' where id = ?`, userId)
    const by = createClient({ interfere: preempt('d1', 1, change) })
    expect(refusal(await make(token, { password: PASSWORD }, by))).toBe('403 wrong_password')
    expect(await keysOf(userId)).toEqual([])
  })
})

describe('each has an end', () => {
  test('90 days, where none is named', async () => {
    const { token } = await loggedInAgo(0)
    expect((await make(token)).body).toMatchObject({ expires_at: inDays(90) })
    expect((await make(token, { expires_at: null })).body).toMatchObject({ expires_at: inDays(90) })
  })

  test('a year, and not a moment more', async () => {
    const { token, userId } = await loggedInAgo(0)
    expect((await make(token, { expires_at: inDays(365) })).status).toBe(201)
    const beyond = await make(token, { expires_at: inDays(365, 1) })
    expect(beyond.body).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: 'expires_at', message: 'must be within a year' }],
    })
    expect(await keysOf(userId)).toHaveLength(1)
  })

  test('one that was stored without an end ends after a year, wherever it counts', async () => {
    const { token } = await signUpHolder('admin')
    const { key, id } = await newKey(token, ['users:read', 'tokens:introspect'])
    await rows('update api_keys set expires_at = null where id = ?', id)
    const end = inDays(365)
    const { body } = await client.get('/auth/api-keys', { token })
    expect(body).toMatchObject({ api_keys: [{ id, expires_at: end }] })
    advanceSeconds(365 * DAY - 1)
    expect((await me(key)).status).toBe(200)
    const verified = await client.get('/auth/verify', withKey(key))
    expect(verified.body).toMatchObject({ exp: Date.parse(end) / 1000 })
    advanceSeconds(1)
    expect(refusal(await me(key))).toBe('401 invalid_api_key')
    expect(refusal(await client.get('/admin/users', withKey(key)))).toBe('401 invalid_api_key')
  })
})

/** What ends keys, as the caller asks for it. */
const ENDS = {
  'change-password': (token: string, more: object) =>
    client.post('/auth/change-password', {
      token,
      body: { current_password: PASSWORD, new_password: NEXT_PASSWORD, ...more },
    }),
  'logging out everywhere': (token: string, more: object) =>
    client.post('/auth/logout', { token, body: { everywhere: true, ...more } }),
  'ending all other sessions': (token: string, more: object) =>
    client.delete('/auth/sessions', { token, body: more }),
}

describe.each(Object.entries(ENDS))('%s', (_name, end) => {
  test.each([{}, { keep_api_keys: false }, { keep_api_keys: null }])(
    'ends keys: %j',
    async (more) => {
      const { session, userId } = await signUpPerson(client)
      const other = await signUpPerson(client)
      const { key } = await newKey(session.access_token)
      const others = await newKey(other.session.access_token)
      expect((await end(session.access_token, more)).status).toBe(200)
      expect(refusal(await me(key))).toBe('401 invalid_api_key')
      expect((await me(others.key)).status).toBe(200)
      expect(await keysDetail(userId)).toBe('ended')
    },
  )

  test('keeps them where that is asked for', async () => {
    const { session, userId } = await signUpPerson(client)
    const { key } = await newKey(session.access_token)
    expect((await end(session.access_token, { keep_api_keys: true })).status).toBe(200)
    expect((await me(key)).status).toBe(200)
    expect(await keysDetail(userId)).toBe('kept')
  })

  test('by an ended session ends none', async () => {
    const person = await signUpPerson(client)
    const { key } = await newKey(person.session.access_token)
    await logInAgain(client, person)
    await client.post('/auth/logout', { token: person.session.access_token })
    expect(refusal(await end(person.session.access_token, {}))).toBe('401 invalid_token')
    expect((await me(key)).status).toBe(200)
  })

  test('what it is asked has to be yes or no', async () => {
    const { session } = await signUpPerson(client)
    const { key } = await newKey(session.access_token)
    const answer = await end(session.access_token, { keep_api_keys: 'yes' })
    expect(refusal(answer)).toBe('400 validation_failed')
    expect((await me(key)).status).toBe(200)
  })
})

async function keysDetail(userId: string): Promise<unknown> {
  const { subject_personal } = await row(
    'select subject_personal from audit_events where subject_id = ? order by seq desc',
    userId,
  )
  return JSON.parse(String(subject_personal)).detail.api_keys
}

test('an administrator who ends the sessions of a user ends their keys', async () => {
  const admin = await signUpHolder('admin')
  const { session, userId } = await signUpPerson(client)
  const { key } = await newKey(session.access_token)
  const path = `/admin/users/${userId}/sessions`
  expect((await client.delete(path, { token: admin.token })).status).toBe(200)
  expect(refusal(await me(key))).toBe('401 invalid_api_key')
})

describe('one made before AUTH_NOT_BEFORE', () => {
  const since = (moment: number) => ({
    vars: { AUTH_NOT_BEFORE: new Date(moment).toISOString() },
  })

  test('is refused wherever a key counts, one made from then on is not', async () => {
    const { token } = await signUpHolder('admin')
    const { key } = await newKey(token, ['users:read', 'tokens:introspect'])
    const made = Date.now()
    const before = since(made + 1)
    expect((await me(key, since(made))).status).toBe(200)
    expect(refusal(await me(key, before))).toBe('401 invalid_api_key')
    const by = createClient(before)
    expect(refusal(await by.get('/admin/users', withKey(key)))).toBe('401 invalid_api_key')
    expect(refusal(await by.get('/auth/verify', withKey(key)))).toBe('401 invalid_api_key')
    const rawBody = `token=${key}`
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    advanceSeconds(1)
    const asker = await signUpHolder('admin')
    const introspect = () => by.post('/auth/introspect', { token: asker.token, rawBody, headers })
    expect((await introspect()).body).toEqual({ active: false })
    const { body } = await by.get('/auth/api-keys', { token: asker.token })
    expect(body).toEqual({ api_keys: [] })
    const later = await newKey(asker.token, ['users:read'], { by })
    expect((await by.get('/admin/users', withKey(later.key))).status).toBe(200)
  })
})

test('all that a stolen access token made is over once its owner has reacted', async () => {
  const { token } = await signUpHolder('admin')
  const { key } = await newKey(token, ['users:read', 'users:write'])
  const body = { current_password: PASSWORD, new_password: NEXT_PASSWORD }
  expect((await client.post('/auth/change-password', { token, body })).status).toBe(200)
  expect(refusal(await client.get('/admin/users', withKey(key)))).toBe('401 invalid_api_key')
})

test('a key gives no permission that its user has lost', async () => {
  const holder = await signUpHolder('analyst')
  const { key } = await newKey(holder.token, ['users:read'])
  expect((await client.get('/admin/users', withKey(key))).status).toBe(200)
  await rows('delete from user_roles where user_id = ?', holder.userId)
  expect(refusal(await client.get('/admin/users', withKey(key)))).toBe('403 permission_denied')
})
