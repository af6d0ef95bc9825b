import { describe, expect, test } from 'vitest'
import { User } from '../../../src/http/wire'
import { signUpHolder, signUpWith } from '../../platform/administrators'
import { type Answer, createClient, refusal } from '../../platform/client'
import { advanceSeconds } from '../../platform/clock'
import { lastTokenTo, mailsTo, subjectsTo } from '../../platform/mails'
import { logInAgain, newEmail, PASSWORD, refresh, sidOf, signUpPerson } from '../../platform/people'
import { eventTypes, marker, row, rows, sessionRows } from '../../platform/records'

const client = createClient()

const userOf = ({ status, body }: Answer) => {
  expect(status, JSON.stringify(body)).toBeLessThan(300)
  return User().parse(body)
}

async function detailOf(userId: string, type: string) {
  const event = await row(
    'select * from audit_events where subject_id = ? and type = ?',
    userId,
    type,
  )
  return { actor: event['actor_id'], ...JSON.parse(String(event['subject_personal'])).detail }
}

describe('creating', () => {
  test('they choose a password by the link that is mailed, and were not logged in by it', async () => {
    const admin = await signUpHolder('admin')
    const email = newEmail()
    const body = { email, name: 'Ada', roles: ['analyst', 'user', 'analyst'] }
    const user = userOf(await client.post('/admin/users', { token: admin.token, body }))
    expect(user).toMatchObject({ email, name: 'Ada', roles: ['analyst', 'user'], is_active: true })
    expect(await sessionRows(user.id)).toEqual([])
    // An epoch of 0 would let tokens of a replaced system in.
    expect(await row('select auth_epoch from users where id = ?', user.id)).toEqual({
      auth_epoch: 1,
    })
    expect(subjectsTo(email)).toEqual(['Your account at Gatehouse'])
    advanceSeconds(7 * 86_400 - 1)
    const reset = { token: lastTokenTo(email), new_password: PASSWORD }
    expect((await client.post('/auth/reset-password', { body: reset })).status).toBe(200)
    expect((await logInAgain(client, { email, password: PASSWORD })).user).toMatchObject({
      id: user.id,
      email_verified: true,
    })
    const { type, session_id } = await row(
      'select outbox.type, session_id from outbox join audit_events using (id) where user_id = ?',
      user.id,
    )
    expect([type, session_id]).toEqual(['user_created', sidOf(admin.session)])
    const grants = await rows('select granted_by from user_roles where user_id = ?', user.id)
    expect(grants).toEqual([{ granted_by: admin.userId }, { granted_by: admin.userId }])
    expect(await detailOf(user.id, 'user_created')).toEqual({
      actor: admin.userId,
      roles: 'analyst user',
    })
  })

  test('until then nobody can log in, and the link is over after a week', async () => {
    const { token } = await signUpHolder('admin')
    const email = newEmail()
    const answer = await client.post('/admin/users', { token, body: { email } })
    expect(userOf(answer).roles).toEqual(['user'])
    expect(answer.cost.derivations).toBe(0)
    const login = await client.post('/auth/login', { body: { email, password: PASSWORD } })
    expect(refusal(login)).toBe('401 invalid_credentials')
    advanceSeconds(7 * 86_400)
    const reset = { token: lastTokenTo(email), new_password: PASSWORD }
    expect(refusal(await client.post('/auth/reset-password', { body: reset }))).toBe(
      '400 invalid_link',
    )
  })

  test('a taken email, a role that does not exist', async () => {
    const { token } = await signUpHolder('admin')
    const { email } = await signUpPerson(client)
    const create = async (body: object) =>
      refusal(await client.post('/admin/users', { token, body }))
    expect(await create({ email: email.toUpperCase() })).toBe('409 email_taken')
    const unknown = await client.post('/admin/users', {
      token,
      body: { email: newEmail(), roles: ['user', 'no-such'] },
    })
    expect(unknown.body).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: 'roles', message: 'no-such does not exist' }],
    })
  })

  test('no password is taken, and the refusal names it', async () => {
    const { token } = await signUpHolder('admin')
    const email = newEmail()
    const answer = await client.post('/admin/users', { token, body: { email, password: PASSWORD } })
    expect(answer.body).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: 'password', message: 'is not known here' }],
    })
    expect(await rows('select id from users where email = ?', email)).toEqual([])
    expect(mailsTo(email)).toEqual([])
  })

  test('with a role that gives what the actor lacks: nothing is created', async () => {
    const { token } = await signUpWith('users:write', 'users:read')
    const email = newEmail()
    const body = { email, roles: ['user', 'analyst'] }
    expect(refusal(await client.post('/admin/users', { token, body }))).toBe(
      '403 exceeds_own_permissions',
    )
    expect(await rows('select id from users where email = ?', email)).toEqual([])
    expect(userOf(await client.post('/admin/users', { token, body: { email } })).email).toBe(email)
  })
})

describe('renaming', () => {
  test('a name, no name, the same name', async () => {
    const { token } = await signUpHolder('admin')
    const { userId } = await signUpPerson(client)
    const rename = (name: string | null) =>
      client.patch(`/admin/users/${userId}`, { token, body: { name } })
    advanceSeconds(1)
    expect(userOf(await rename('Grace')).name).toBe('Grace')
    expect(await row('select updated_at from users where id = ?', userId)).toEqual({
      updated_at: Date.now(),
    })
    expect(userOf(await rename('Grace')).name).toBe('Grace')
    expect(userOf(await rename(null)).name).toBe(null)
    expect(await eventTypes(userId)).toEqual(['user_signed_up', 'user_renamed', 'user_renamed'])
  })
})

describe('disabling', () => {
  test('ends all sessions, tells KV, keeps them out, and enabling lets them in again', async () => {
    const { token } = await signUpHolder('admin')
    const person = await signUpPerson(client)
    const { access_token } = person.session
    const path = `/admin/users/${person.userId}`
    const answer = await client.post(`${path}/disable`, { token })
    expect(userOf(answer).is_active).toBe(false)
    expect(answer.cost).toMatchObject({ d1: 1, kvWrites: 1 })
    const verified = await client.get('/auth/verify', { token: access_token })
    expect(refusal(verified)).toBe('401 invalid_token')
    expect(refusal(await client.get('/auth/me', { token: access_token }))).toBe('401 invalid_token')
    expect(refusal(await refresh(client, person.session.refresh_token))).toBe(
      '401 invalid_refresh_token',
    )
    expect(await sessionRows(person.userId)).toMatchObject([{ revoked_reason: 'user_disabled' }])
    expect(await marker(`revoked:user:${person.userId}`)).toBe('{"epoch":2}')

    expect(userOf(await client.post(`${path}/disable`, { token })).is_active).toBe(false)
    expect(await eventTypes(person.userId)).toEqual(['user_signed_up', 'user_disabled'])

    expect(userOf(await client.post(`${path}/enable`, { token })).is_active).toBe(true)
    advanceSeconds(1)
    const again = await logInAgain(client, person)
    expect((await client.get('/auth/verify', { token: again.access_token })).status).toBe(200)
    expect((await client.get('/auth/verify', { token: access_token })).status).toBe(401)
  })
})

describe('ending sessions and forcing a new password', () => {
  test('all sessions end and the user can log in again', async () => {
    const { token } = await signUpHolder('admin')
    const person = await signUpPerson(client)
    const { access_token } = await logInAgain(client, person)
    userOf(await client.delete(`/admin/users/${person.userId}/sessions`, { token }))
    expect((await client.get('/auth/verify', { token: access_token })).status).toBe(401)
    expect(await sessionRows(person.userId)).toMatchObject([
      { revoked_reason: 'ended_by_administrator' },
      { revoked_reason: 'ended_by_administrator' },
    ])
    await logInAgain(client, person)
    expect(await eventTypes(person.userId)).toContain('user_sessions_ended')
  })

  test('an admin may end their own', async () => {
    const { token, userId } = await signUpHolder('admin')
    userOf(await client.delete(`/admin/users/${userId}/sessions`, { token }))
    expect(refusal(await client.get('/admin/users', { token }))).toBe('401 invalid_token')
  })

  test('a forced reset takes the password, and sets none', async () => {
    const { token } = await signUpHolder('admin')
    const person = await signUpPerson(client)
    const path = `/admin/users/${person.userId}/force-password-reset`
    userOf(await client.post(path, { token }))
    const { email, password } = person
    const login = await client.post('/auth/login', { body: { email, password } })
    expect(refusal(login)).toBe('401 invalid_credentials')
    expect(refusal(await refresh(client, person.session.refresh_token))).toMatch(/^401/)
    const { password_hash } = await row('select * from users where id = ?', person.userId)
    expect(password_hash).toBe(null)
    const body = { token: lastTokenTo(email), new_password: 'another horse, another battery' }
    expect((await client.post('/auth/reset-password', { body })).status).toBe(200)
    await logInAgain(client, { email, password: body.new_password })
    expect(await eventTypes(person.userId)).toContain('password_reset_forced')
  })
})

describe('roles', () => {
  test('outdate tokens, keep sessions, and reach the token with the next refresh', async () => {
    const { token, userId: adminId } = await signUpHolder('admin')
    const person = await signUpPerson(client)
    const { access_token, refresh_token } = person.session
    const path = `/admin/users/${person.userId}/roles`
    const body = { roles: ['analyst'] }
    const user = userOf(await client.put(path, { token, body }))
    expect(user).toMatchObject({ roles: ['analyst'] })
    expect(user.permissions).toEqual(['audit_events:read', 'roles:read', 'users:read'])

    const me = await client.get('/auth/me', { token: access_token })
    expect(me.body).toMatchObject({ roles: ['analyst'] })
    expect(refusal(await client.get('/auth/verify', { token: access_token }))).toBe(
      '401 invalid_token',
    )
    const refreshed = await refresh(client, refresh_token)
    const next = (refreshed.body as { access_token: string }).access_token
    const verified = await client.get('/auth/verify', { token: next })
    expect(verified.body).toMatchObject({ roles: ['analyst'], permissions: user.permissions })

    expect(userOf(await client.put(path, { token, body })).roles).toEqual(['analyst'])
    expect(await eventTypes(person.userId)).toEqual(['user_signed_up', 'roles_changed'])
    expect(await detailOf(person.userId, 'roles_changed')).toEqual({
      actor: adminId,
      roles: 'analyst',
    })
  })

  test('may be none at all', async () => {
    const { token } = await signUpHolder('admin')
    const { userId } = await signUpPerson(client)
    const answer = await client.put(`/admin/users/${userId}/roles`, { token, body: { roles: [] } })
    expect(userOf(answer)).toMatchObject({ roles: [], permissions: [] })
  })

  test('one that does not exist: nothing changes', async () => {
    const { token } = await signUpHolder('admin')
    const { userId } = await signUpPerson(client)
    const body = { roles: ['analyst', 'no-such'] }
    const answer = await client.put(`/admin/users/${userId}/roles`, { token, body })
    expect(answer.body).toMatchObject({
      errors: [{ path: 'roles', message: 'no-such does not exist' }],
    })
    expect(await eventTypes(userId)).toEqual(['user_signed_up'])
  })
})

test('the sessions of a user are those that live', async () => {
  const { token } = await signUpHolder('analyst')
  const person = await signUpPerson(createClient({ ip: '198.51.100.7', userAgent: 'old/1' }))
  const ended = await logInAgain(createClient(), person)
  await createClient().post('/auth/logout', { token: ended.access_token })
  const sessionsOf = async (id: string) =>
    (await createClient().get(`/admin/users/${id}/sessions`, { token })).body
  expect(await sessionsOf(person.userId)).toMatchObject({
    sessions: [{ id: sidOf(person.session), ip: '198.51.100.7', user_agent: 'old/1' }],
  })
  expect(await sessionsOf('nobody')).toMatchObject({ code: 'user_not_found' })
})
