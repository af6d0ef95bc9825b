import { describe, expect, test } from 'vitest'
import { AccountExport } from '../../src/http/account-wire'
import { signUpHolder, withoutOtherAdmins } from '../platform/administrators'
import { AUDIT_KEY, findings, seal } from '../platform/audit'
import { preempt } from '../platform/bindings'
import { createClient, refusal, sessionOf } from '../platform/client'
import { lastTokenTo, subjectOf, subjectsTo } from '../platform/mails'
import { logInAgain, newEmail, PASSWORD, refresh, signUpPerson } from '../platform/people'
import { eventTypes, marker, row, rows } from '../platform/records'
import { testEndedSessions, testRefusals } from '../platform/refusals'

const AUDIT_SIGNING_KEY = JSON.stringify(AUDIT_KEY)
const client = createClient({ vars: { AUDIT_SIGNING_KEY } })

const leave = (token: string, password = PASSWORD) =>
  client.delete('/auth/me', { token, body: { password } })

/** Leaves, while something else happens during the derivation. */
function leaveAfter(token: string, happens: () => Promise<unknown>, password = PASSWORD) {
  const late = createClient({ interfere: preempt('d1', 1, happens) })
  return late.delete('/auth/me', { token, body: { password } })
}

describe('refusals', () => {
  testRefusals('PATCH', '/auth/me', { body: { name: 'New' } })
  testEndedSessions('PATCH', '/auth/me', { body: { name: 'New' } })
  testRefusals('DELETE', '/auth/me', { body: { password: PASSWORD } })
  testEndedSessions('DELETE', '/auth/me', { body: { password: PASSWORD } })
  testRefusals('GET', '/auth/me/export')
  testEndedSessions('GET', '/auth/me/export')
})

test('a name is changed, taken away, and recorded once', async () => {
  const { session, userId } = await signUpPerson(client)
  const rename = (name: unknown) =>
    client.patch('/auth/me', { token: session.access_token, body: { name } })
  const answer = await rename('  Ada Lovelace ')
  expect(answer.body).toMatchObject({ id: userId, name: 'Ada Lovelace' })
  expect(answer.cost).toMatchObject({ d1: 1, kvWrites: 0 })
  await rename('Ada Lovelace')
  expect((await rename(null)).body).toMatchObject({ name: null })
  for (const bad of ['', 'x'.repeat(101), 7, undefined]) {
    expect(refusal(await rename(bad))).toBe('400 validation_failed')
  }
  expect(await eventTypes(userId)).toEqual(['user_signed_up', 'user_renamed', 'user_renamed'])
})

describe('leaving', () => {
  test('leaves nothing that names the person, and a trail that verifies', async () => {
    const person = await signUpPerson(client)
    const { userId, email } = person
    const { access_token: token, refresh_token } = await logInAgain(client, person)
    await client.patch('/auth/me', { token, body: { name: 'Somebody Particular' } })
    await client.post('/auth/login', { body: { email, password: 'wrong' } })
    await client.post('/auth/forgot-password', { body: { email } })
    const link = lastTokenTo(email)
    await seal()
    const admin = await signUpHolder('admin')
    await client.patch(`/admin/users/${userId}`, { token: admin.token, body: { name: 'Named' } })
    const answer = await leave(token)
    expect(answer.status).toBe(200)
    expect(answer.cost).toMatchObject({ d1: 2, kvWrites: 1, derivations: 6 })

    for (const table of ['users', 'user_roles', 'user_sessions', 'one_time_tokens']) {
      const key = table === 'users' ? 'id' : 'user_id'
      expect(await rows(`select * from ${table} where ${key} = ?`, userId), table).toEqual([])
    }
    const events = await rows(
      'select * from audit_events where subject_id = ?1 or actor_id = ?1 order by seq',
      userId,
    )
    expect(events.map(({ type }) => type).slice(-2)).toEqual([
      'user_deleted',
      'personal_data_erased',
    ])
    for (const event of events.slice(0, -1)) {
      expect([event['personal'], event['personal_salt']], String(event['type'])).toEqual([
        null,
        null,
      ])
    }
    const left = String(events.at(-1)?.['personal'])
    expect(JSON.parse(left)).toMatchObject({ ip: null, user_agent: null })
    const text = JSON.stringify([
      events,
      await rows('select * from outbox where user_id = ?', userId),
    ])
    for (const secret of [email, '192.0.2.1', 'test-agent', 'Particular']) {
      expect(text).not.toContain(secret)
    }

    expect(refusal(await client.get('/auth/me', { token }))).toBe('401 invalid_token')
    expect(refusal(await client.get('/auth/verify', { token }))).toBe('401 invalid_token')
    expect(await marker(`revoked:user:${userId}`)).toBe('{"epoch":2}')
    expect(refusal(await refresh(client, refresh_token))).toBe('401 invalid_refresh_token')
    const body = { token: link, new_password: 'another horse, another battery' }
    expect(refusal(await client.post('/auth/reset-password', { body }))).toBe('400 invalid_link')
    expect(subjectsTo(email).at(-1)).toBe(subjectOf('account_deleted'))

    await seal()
    expect(await findings()).toEqual([])
    const again = await client.post('/auth/signup', { body: { email, password: PASSWORD } })
    expect(again.status).toBe(201)
    expect((again.body as { user: { id: string } }).user.id).not.toBe(userId)
  })

  test('leaves no trace of the invitation that they came by', async () => {
    const email = newEmail()
    const { token } = await signUpHolder('admin')
    await client.post('/admin/invitations', { token, body: { email } })
    const body = { email, password: PASSWORD, invitation: lastTokenTo(email) }
    const answer = await client.post('/auth/signup', { body })
    await leave((answer.body as { access_token: string }).access_token)
    expect(await rows('select * from one_time_tokens where email = ?', email)).toEqual([])
  })

  test('what is still under way is not recorded after it', async () => {
    const [one, other] = [await signUpPerson(client), await signUpPerson(client)]
    const late = (person: typeof one) => {
      const goes = async () => expect((await leave(person.session.access_token)).status).toBe(200)
      return createClient({ interfere: preempt('d1', 1, goes), ip: '203.0.113.9' })
    }
    const refused = await late(one).get('/admin/users', { token: one.session.access_token })
    expect(refusal(refused)).toBe('403 permission_denied')
    const body = { email: other.email, password: 'wrong' }
    expect(refusal(await late(other).post('/auth/login', { body }))).toBe('401 invalid_credentials')
    const left = await rows(`select * from audit_events where personal like '%203.0.113.9%'`)
    expect(left).toEqual([])
  })

  test('needs the password', async () => {
    const { session, userId } = await signUpPerson(client)
    expect(refusal(await leave(session.access_token, 'wrong'))).toBe('403 wrong_password')
    expect(await rows('select id from users where id = ?', userId)).toHaveLength(1)
    expect(await eventTypes(userId)).toEqual(['user_signed_up', 'password_check_failed'])
  })

  test('is nothing where the session ended, or the password changed, during the derivation', async () => {
    const person = await signUpPerson(client)
    const { access_token: token } = person.session
    const body = { current_password: PASSWORD, new_password: 'another horse, another battery' }
    // As the operator may.
    const taken = await leaveAfter(token, () =>
      rows(
        `update users set password_hash = password_hash || 'x' where id = ? returning id`,
        person.userId,
      ),
    )
    expect(refusal(taken)).toBe('403 wrong_password')
    await rows(
      'update users set password_hash = substr(password_hash, 1, length(password_hash) - 1) where id = ?',
      person.userId,
    )
    let renewed = ''
    const changed = await leaveAfter(token, async () => {
      const answer = await client.post('/auth/change-password', { token, body })
      renewed = sessionOf(answer).access_token
    })
    expect(refusal(changed)).toBe('401 invalid_token')
    const ended = await leaveAfter(
      renewed,
      () => client.post('/auth/logout', { token: renewed }),
      body.new_password,
    )
    expect(refusal(ended)).toBe('401 invalid_token')
    expect(await rows('select id from users where id = ?', person.userId)).toHaveLength(1)
  })

  test('is not asked for another password where somebody has left already', async () => {
    const { session, userId } = await signUpPerson(client)
    const late = await leaveAfter(session.access_token, () => leave(session.access_token))
    expect(refusal(late)).toBe('401 invalid_token')
    expect(await rows('select id from users where id = ?', userId)).toEqual([])
  })

  test('is not for the last admin, also where two leave at once', async () => {
    const [one, other] = [await signUpHolder('admin'), await signUpHolder('admin')]
    await withoutOtherAdmins(one.userId, other.userId)
    const answers = await Promise.all([leave(one.token), leave(other.token)])
    const outcomes = answers.map((answer) => (answer.status === 200 ? 200 : refusal(answer)))
    expect(outcomes.toSorted()).toEqual([200, '409 last_admin'])
    const left = [one, other][outcomes.indexOf('409 last_admin')]
    expect((await client.get('/admin/users', { token: left?.token ?? '' })).status).toBe(200)
  })

  test('nobody else is touched', async () => {
    const [person, other] = [await signUpPerson(client), await signUpPerson(client)]
    const state = () =>
      rows('select * from audit_events where subject_id = ? order by seq', other.userId)
    const before = await state()
    await leave(person.session.access_token)
    expect(await state()).toEqual(before)
    expect((await client.get('/auth/me', { token: other.session.access_token })).status).toBe(200)
  })
})

test('an export has everything about the person and no secret', async () => {
  const person = await signUpPerson(client)
  const other = await logInAgain(client, person)
  await client.post('/auth/logout', { token: other.access_token })
  const email = newEmail()
  await client.post('/auth/change-email', {
    token: person.session.access_token,
    body: { password: PASSWORD, new_email: email },
  })
  const answer = await client.get('/auth/me/export', { token: person.session.access_token })
  expect(answer.cost.d1).toBe(1)
  const exported = AccountExport().parse(answer.body)
  expect(exported.user).toMatchObject({ id: person.userId, email: person.email })
  expect(exported.roles).toEqual([{ role: 'user', granted_at: exported.user.created_at }])
  expect(exported.sessions).toMatchObject([
    { ended_at: null, ip: '192.0.2.1', user_agent: 'test-agent/1' },
    { ended_reason: 'logout' },
  ])
  expect(exported.audit_events.map(({ type }) => type)).toEqual(await eventTypes(person.userId))
  expect(exported.audit_events[0]?.personal?.ip).toBe('192.0.2.1')
  const text = JSON.stringify(answer.body)
  expect(text).not.toMatch(/hash|pbkdf2|salt|token/i)
  const { refresh_token_hash } = await row(
    'select refresh_token_hash from user_sessions where user_id = ?',
    person.userId,
  )
  expect(text).not.toContain(refresh_token_hash)
})
