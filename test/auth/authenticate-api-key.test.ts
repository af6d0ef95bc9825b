import { describe, expect, test } from 'vitest'
import { grantRoles, signUpHolder } from '../platform/administrators'
import { newKey, withKey } from '../platform/api-keys'
import { preempt } from '../platform/bindings'
import { createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedText } from '../platform/logs'
import { lastTokenTo, mailsTo } from '../platform/mails'
import { newEmail, signUpPerson } from '../platform/people'
import { row, rows, setActive } from '../platform/records'

const client = createClient()

/** Who holds the role, and a key of theirs. */
async function newHolder(role: 'user' | 'analyst' | 'admin', ...permissions: string[]) {
  const holder = await signUpHolder(...(role === 'user' ? [] : [role]))
  const key = await newKey(holder.token, permissions)
  return { ...holder, ...key }
}

const me = (key: string, by = client) => by.get('/auth/me', withKey(key))

describe('who they are', () => {
  test('in either header, at one round trip: the user, with what the key may and no roles', async () => {
    const { key, userId } = await newHolder('analyst', 'users:read')
    for (const headers of [{ 'X-API-Key': key }, { Authorization: `Bearer ${key}` }]) {
      const answer = await client.get('/auth/me', { headers })
      expect(answer.body).toMatchObject({ id: userId, permissions: ['users:read'], roles: [] })
      expect(answer.cost).toMatchObject({ d1: 1, kvReads: 0, derivations: 0 })
    }
  })

  test('verify says so too, for as long as an access token would count', async () => {
    const { key, userId } = await newHolder('analyst', 'users:read')
    const { status, body, cost } = await client.get('/auth/verify', withKey(key))
    expect(status).toBe(200)
    const seconds = Date.now() / 1000
    expect(body).toMatchObject({
      sub: userId,
      permissions: ['users:read'],
      roles: [],
      exp: seconds + 900,
    })
    expect(body).not.toHaveProperty('sid')
    expect(cost.d1).toBe(1)
  })

  test('two credentials at once', async () => {
    const { key, token } = await newHolder('user')
    const answer = await client.get('/auth/me', { token, ...withKey(key) })
    expect(refusal(answer)).toBe('400 invalid_request')
  })
})

describe('junk', () => {
  test('is refused by its checksum, before anything is asked, and not logged', async () => {
    const { key } = await newHolder('user')
    const flipped = key.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
    const junk = [
      flipped,
      key.slice(0, -1),
      `${key}0`,
      key.toUpperCase(),
      'ghk_',
      'ghk_a_b_c',
      ' ',
      'x'.repeat(5000),
    ]
    for (const wrong of junk) {
      const answer = await me(wrong)
      expect(refusal(answer), wrong).toBe('401 invalid_api_key')
      expect(answer.headers.get('WWW-Authenticate')).toContain('error="invalid_token"')
      expect(answer.cost.d1).toBe(0)
    }
    expect(loggedText()).not.toContain(key.slice(4, 60))
  })

  test('a real id with another secret, under a right checksum', async () => {
    const [one, other] = [await newHolder('user'), await newHolder('user')]
    await rows('update api_keys set secret_hash = ? where id = ?', 'x', one.id)
    expect(refusal(await me(one.key))).toBe('401 invalid_api_key')
    const { secret_hash } = await row('select secret_hash from api_keys where id = ?', other.id)
    await rows('update api_keys set secret_hash = ? where id = ?', secret_hash, one.id)
    expect(refusal(await me(one.key))).toBe('401 invalid_api_key')
    expect((await me(other.key)).status).toBe(200)
  })

  test('of a database with another pepper', async () => {
    const { key } = await newHolder('user')
    const vars = { PASSWORD_PEPPER_V1: btoa('another pepper, of thirty-two b.') }
    expect(refusal(await me(key, createClient({ vars })))).toBe('401 invalid_api_key')
  })
})

describe('under /admin', () => {
  const list = (key: string) => client.get('/admin/users', withKey(key))

  test('what the key may, no more, and as far as its user still may', async () => {
    const { key, userId } = await newHolder('analyst', 'users:read')
    expect((await list(key)).status).toBe(200)
    expect(refusal(await client.get('/admin/roles', withKey(key)))).toBe('403 permission_denied')
    await rows('delete from user_roles where user_id = ?', userId)
    expect(refusal(await list(key))).toBe('403 permission_denied')
    await grantRoles(userId, 'admin')
    expect((await list(key)).status).toBe(200)
    expect(refusal(await client.get('/admin/audit-events', withKey(key)))).toBe(
      '403 permission_denied',
    )
  })

  test('nothing is touched that gives more than the key may', async () => {
    const { key } = await newHolder('admin', 'users:read', 'users:write')
    const { userId } = await signUpPerson(client)
    const admin = await signUpHolder('admin')
    const disable = await client.post(`/admin/users/${admin.userId}/disable`, withKey(key))
    expect(refusal(disable)).toBe('403 exceeds_own_permissions')
    expect((await client.post(`/admin/users/${userId}/disable`, withKey(key))).status).toBe(200)
  })

  test('an act is recorded with the key, and costs what it costs and one round trip', async () => {
    const { key, id, userId } = await newHolder('admin', 'users:read', 'users:write')
    const answer = await client.post('/admin/users', {
      ...withKey(key),
      body: { email: newEmail() },
    })
    expect(answer.status).toBe(201)
    expect(answer.cost.d1).toBe(2)
    const event = await row(
      `select session_id, subject_personal from audit_events where actor_id = ? and type = 'user_created'`,
      userId,
    )
    expect(event['session_id']).toBe(null)
    expect(JSON.parse(String(event['subject_personal'])).detail).toMatchObject({ api_key_id: id })
  })

  test('no invitation, which would outlive it', async () => {
    const { key } = await newHolder('admin', 'users:write')
    const email = newEmail()
    const answer = await client.post('/admin/invitations', { ...withKey(key), body: { email } })
    expect(refusal(answer)).toBe('403 permission_denied')
    expect(mailsTo(email)).toEqual([])
  })

  test('revoked between the question and the act: nothing happens', async () => {
    const { key, id } = await newHolder('admin', 'users:write')
    const email = newEmail()
    const revoke = () => rows('update api_keys set revoked_at = 1 where id = ?', id)
    const raced = createClient({ interfere: preempt('d1', 1, revoke) })
    const answer = await raced.post('/admin/users', { ...withKey(key), body: { email } })
    expect(refusal(answer)).toBe('401 invalid_api_key')
    expect(await rows('select id from users where email = ?', email)).toEqual([])
  })
})

describe('never for passwords, keys, sessions or the account', () => {
  test.each([
    ['POST', '/auth/api-keys', { name: 'x' }],
    ['GET', '/auth/api-keys', undefined],
    ['DELETE', '/auth/api-keys/x', undefined],
    ['POST', '/auth/change-password', { current_password: 'x', new_password: 'x' }],
    ['POST', '/auth/change-email', { password: 'x', new_email: 'x@example.com' }],
    ['PATCH', '/auth/me', { name: 'x' }],
    ['DELETE', '/auth/me', { password: 'x' }],
    ['GET', '/auth/me/export', undefined],
    ['GET', '/auth/sessions', undefined],
    ['DELETE', '/auth/sessions', undefined],
    ['POST', '/auth/logout', {}],
    ['POST', '/auth/refresh', {}],
  ])('%s %s', async (method, path, body) => {
    const { key } = await newHolder('admin', 'users:write')
    for (const headers of [{ 'X-API-Key': key }, { Authorization: `Bearer ${key}` }]) {
      const answer = await client.send(method, path, { headers, ...(body && { body }) })
      expect(answer.status).toBe(401)
      expect(answer.cost.d1).toBe(0)
    }
  })
})

describe('its end', () => {
  test('expired, to the second', async () => {
    const { token } = await signUpHolder()
    const { key } = await newKey(token, [], { expires_at: '2026-11-01T12:01:00Z' })
    advanceSeconds(59)
    expect((await me(key)).status).toBe(200)
    const verified = await client.get('/auth/verify', withKey(key))
    expect(verified.body).toMatchObject({ exp: Date.parse('2026-11-01T12:01:00Z') / 1000 })
    advanceSeconds(1)
    expect(refusal(await me(key))).toBe('401 invalid_api_key')
  })

  test('its user disabled, and enabled again', async () => {
    const { key, userId } = await newHolder('user')
    await setActive(userId, false)
    expect(refusal(await me(key))).toBe('401 invalid_api_key')
    await setActive(userId, true)
    expect((await me(key)).status).toBe(200)
    const admin = await signUpHolder('admin')
    await client.post(`/admin/users/${userId}/disable`, { token: admin.token })
    await client.post(`/admin/users/${userId}/enable`, { token: admin.token })
    expect(refusal(await me(key))).toBe('401 invalid_api_key')
  })

  test('a reset of the password, by the user or forced', async () => {
    const [one, other] = [await newHolder('user'), await newHolder('user')]
    const { email } = await row('select email from users where id = ?', one.userId)
    await client.post('/auth/forgot-password', { body: { email } })
    const body = {
      token: lastTokenTo(String(email)),
      new_password: 'another horse, another battery',
    }
    expect((await client.post('/auth/reset-password', { body })).status).toBe(200)
    const admin = await signUpHolder('admin')
    await client.post(`/admin/users/${other.userId}/force-password-reset`, { token: admin.token })
    expect(refusal(await me(one.key))).toBe('401 invalid_api_key')
    expect(refusal(await me(other.key))).toBe('401 invalid_api_key')
  })

  test('the first verification of the email: whoever signed up with it may have been another', async () => {
    const { email, session } = await signUpPerson(client)
    const { key } = await newKey(session.access_token)
    await client.post('/auth/verify-email/resend', { body: { email } })
    const body = { token: lastTokenTo(email) }
    const verified = await client.post('/auth/verify-email', { body, token: session.access_token })
    expect(verified.status).toBe(200)
    expect(refusal(await me(key))).toBe('401 invalid_api_key')
  })

  test('not with a session', async () => {
    const { key, token } = await newHolder('user')
    await client.post('/auth/logout', { token })
    expect((await me(key)).status).toBe(200)
  })
})

test('its last use is noted at most once a minute, after the answer', async () => {
  const { key, id } = await newHolder('user')
  const lastUsed = async () =>
    (await row('select last_used_at from api_keys where id = ?', id))['last_used_at']
  const first = await me(key)
  const start = Date.now()
  expect(first.cost.d1).toBe(1)
  expect(await lastUsed()).toBe(start)
  advanceSeconds(59)
  await me(key)
  expect(await lastUsed()).toBe(start)
  advanceSeconds(1)
  await me(key)
  expect(await lastUsed()).toBe(start + 60_000)
})
