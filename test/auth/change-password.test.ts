import { describe, expect, test } from 'vitest'
import { preempt } from '../platform/bindings'
import { createClient, refusal, sessionOf } from '../platform/client'
import { lastTokenTo, subjectOf, subjectsTo } from '../platform/mails'
import {
  logInAgain,
  PASSWORD,
  refresh,
  sidOf,
  signUpPerson,
  verifiedPerson,
} from '../platform/people'
import { eventTypes, row, rows } from '../platform/records'
import { testEndedSessions, testRefusals } from '../platform/refusals'

const client = createClient()
const NEW = 'another horse, another battery'

const change = (token: string, current_password = PASSWORD, new_password = NEW) =>
  client.post('/auth/change-password', { token, body: { current_password, new_password } })

describe('refusals', () => {
  const body = { current_password: PASSWORD, new_password: NEW }
  testRefusals('POST', '/auth/change-password', { body })
  testEndedSessions('POST', '/auth/change-password', { body })
})

test('changes it, ends all other sessions and gives this one new tokens', async () => {
  const person = await verifiedPerson(client)
  const other = await logInAgain(client, person)
  const { access_token: token, refresh_token } = person.session
  const answer = await change(token)
  const renewed = sessionOf(answer)
  expect(answer.cost).toMatchObject({ d1: 2, kvWrites: 1, derivations: 12 })
  expect(answer.body).toMatchObject({ message: expect.stringContaining('changed') })
  expect(sidOf(renewed)).toBe(sidOf(person.session))
  expect((await client.get('/auth/verify', { token: renewed.access_token })).status).toBe(200)
  expect((await client.get('/auth/me', { token: renewed.access_token })).status).toBe(200)
  expect((await refresh(client, renewed.refresh_token)).status).toBe(200)
  for (const before of [token, other.access_token]) {
    expect(refusal(await client.get('/auth/verify', { token: before }))).toBe('401 invalid_token')
    expect(refusal(await client.get('/auth/me', { token: before }))).toBe('401 invalid_token')
  }
  expect(refusal(await refresh(client, refresh_token))).toBe('401 superseded')
  expect(refusal(await refresh(client, other.refresh_token))).toBe('401 invalid_refresh_token')
  const { email } = person
  const login = (password: string) => client.post('/auth/login', { body: { email, password } })
  expect(refusal(await login(PASSWORD))).toBe('401 invalid_credentials')
  expect((await login(NEW)).status).toBe(200)
  expect(subjectsTo(email)).toContain(subjectOf('password_changed'))
  expect(await eventTypes(person.userId)).toContain('password_changed')
})

test('a wrong password changes nothing, and is recorded', async () => {
  const { session, userId, email } = await signUpPerson(client)
  const answer = await change(session.access_token, 'not the password')
  expect(refusal(answer)).toBe('403 wrong_password')
  expect(answer.cost).toMatchObject({ d1: 2, derivations: 6 })
  const event = await row(
    `select * from audit_events where subject_id = ? and type = 'password_check_failed'`,
    userId,
  )
  expect(event['outcome']).toBe('failure')
  expect(JSON.parse(String(event['subject_personal'])).detail).toEqual({
    for: 'password_changed',
    failures: '1',
  })
  expect((await client.post('/auth/login', { body: { email, password: PASSWORD } })).status).toBe(
    200,
  )
})

test('a weak new password changes nothing', async () => {
  const { session } = await signUpPerson(client)
  const answer = await change(session.access_token, PASSWORD, 'iloveyou1')
  expect(answer.body).toMatchObject({
    code: 'weak_password',
    errors: [{ path: 'new_password', message: expect.stringContaining('most common') }],
  })
})

test('two at once: one wins, and the other is told', async () => {
  const { session, email } = await signUpPerson(client)
  const answers = await Promise.all([
    change(session.access_token, PASSWORD, `${NEW} 1`),
    change(session.access_token, PASSWORD, `${NEW} 2`),
  ])
  const outcomes = answers.map((answer) => (answer.status === 200 ? 200 : refusal(answer)))
  expect(outcomes.toSorted()).toEqual([200, '401 invalid_token'])
  const password = `${NEW} ${outcomes.indexOf(200) + 1}`
  expect((await client.post('/auth/login', { body: { email, password } })).status).toBe(200)
})

test('a session that ends during the derivation changes nothing', async () => {
  const { session, email } = await signUpPerson(client)
  const token = session.access_token
  const ends = () => client.post('/auth/logout', { token })
  const late = createClient({ interfere: preempt('d1', 1, ends) })
  const body = { current_password: PASSWORD, new_password: NEW }
  const answer = await late.post('/auth/change-password', { token, body })
  expect(refusal(answer)).toBe('401 invalid_token')
  expect((await client.post('/auth/login', { body: { email, password: PASSWORD } })).status).toBe(
    200,
  )
})

test('a link to reset it that was mailed before is no good after', async () => {
  const { session, email } = await signUpPerson(client)
  await client.post('/auth/forgot-password', { body: { email } })
  const token = lastTokenTo(email)
  expect((await change(session.access_token)).status).toBe(200)
  const answer = await client.post('/auth/reset-password', { body: { token, new_password: NEW } })
  expect(refusal(answer)).toBe('400 invalid_link')
})

test('who never had a password cannot change it', async () => {
  const { session, userId } = await signUpPerson(client)
  await rows('update users set password_hash = null where id = ?', userId)
  const answer = await change(session.access_token)
  expect(refusal(answer)).toBe('403 wrong_password')
  expect(answer.cost.derivations).toBe(6)
})
