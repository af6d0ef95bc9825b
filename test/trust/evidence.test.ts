import { beforeEach, describe, expect, test } from 'vitest'
import { AccountExport } from '../../src/http/account-wire'
import { AuditEventList } from '../../src/http/administration-wire'
import { signUpHolder } from '../platform/administrators'
import { AUDIT_KEY, emptyTrail, findings, seal } from '../platform/audit'
import { failAfterCommit } from '../platform/bindings'
import { createClient, runScheduledJob, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { logInAgain, PASSWORD, signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

// What stays of somebody who has left, for how long, and of whom it is.

const AUDIT_SIGNING_KEY = JSON.stringify(AUDIT_KEY)
const DAY = 86_400
const client = createClient({ vars: { AUDIT_SIGNING_KEY } })
const THIEF = '203.0.113.66'
const thief = createClient({ ip: THIEF, userAgent: 'thief/1', vars: { AUDIT_SIGNING_KEY } })

beforeEach(emptyTrail)

const leave = (token: string, by = client) =>
  by.delete('/auth/me', { token, body: { password: PASSWORD } })

/** The types of events that say that somebody acted from there. */
const actedFrom = async (ip: string) =>
  (
    await rows(
      `select type from audit_events where json_extract(personal, '$.ip') = ? order by seq`,
      ip,
    )
  ).map(({ type }) => type)

const detailOf = async (type: string, subjectId: string) => {
  const { subject_personal } = await row(
    'select subject_personal from audit_events where type = ? and subject_id = ?',
    type,
    subjectId,
  )
  return subject_personal === null ? null : JSON.parse(String(subject_personal)).detail
}

/** A thief logs in as an administrator, makes an accomplice one too, and deletes the account. */
async function theft() {
  const admin = await signUpHolder('admin')
  await signUpHolder('admin')
  const accomplice = await signUpPerson(client)
  const { access_token: token } = await logInAgain(thief, admin)
  const body = { roles: ['admin', 'user'] }
  const path = `/admin/users/${accomplice.userId}/roles`
  expect((await thief.put(path, { token, body })).status).toBe(200)
  await thief.patch('/auth/me', { token, body: { name: 'Gone Soon' } })
  expect((await leave(token, thief)).status).toBe(200)
  return { admin, accomplice }
}

describe('a thief who makes an accomplice and deletes the account', () => {
  test('is still seen for ninety days, and what they did for good', async () => {
    const { admin, accomplice } = await theft()
    const seen = ['login_succeeded', 'roles_changed', 'user_deleted']
    expect(await actedFrom(THIEF)).toEqual(seen)
    await seal()
    expect(await findings()).toEqual([])

    advanceSeconds(90 * DAY - 1)
    await seal()
    expect(await actedFrom(THIEF)).toEqual(seen)
    expect(await findings()).toEqual([])

    advanceSeconds(2)
    await seal()
    expect(await actedFrom(THIEF)).toEqual([])
    expect(await rows('select * from departures where user_id = ?', admin.userId)).toEqual([])
    expect(await findings()).toEqual([])
    const left = await rows(
      `select type from audit_events where actor_id = ? and personal is not null`,
      admin.userId,
    )
    expect(left).toEqual([])
    // What was done is the accomplice's, who is still there.
    expect(await detailOf('roles_changed', accomplice.userId)).toEqual({ roles: 'admin user' })
  })

  test('an administrator sees from where, and that the rest is erased', async () => {
    const { admin } = await theft()
    const other = await signUpHolder('admin')
    const answer = await client.get(`/admin/audit-events?user=${admin.userId}`, other)
    const { audit_events } = AuditEventList().parse(answer.body)
    const shown = (type: string) => audit_events.find((event) => event.type === type)
    expect(shown('user_deleted')).toMatchObject({
      personal: { ip: THIEF, user_agent: 'thief/1', detail: {} },
      erased: ['subject'],
    })
    expect(shown('user_renamed')).toMatchObject({ personal: null, erased: ['actor', 'subject'] })
  })

  test('what was done to them goes at once, also what they said of themselves', async () => {
    const { admin } = await theft()
    const parts = await rows(
      `select type, subject_personal, subject_personal_salt from audit_events
        where subject_id = ? and type <> 'personal_data_erased'`,
      admin.userId,
    )
    expect(parts.length).toBeGreaterThan(3)
    for (const { type, ...part } of parts) {
      expect(part, String(type)).toEqual({ subject_personal: null, subject_personal_salt: null })
    }
  })

  test('the job erases once, whatever the database says of its batch, and is bounded', async () => {
    const { admin } = await theft()
    advanceSeconds(91 * DAY)
    const erasures = () =>
      rows(
        `select json_extract(subject_personal, '$.detail.parts') as parts from audit_events
          where type = 'personal_data_erased' and subject_id = ? order by seq`,
        admin.userId,
      )
    for (let call = 0; call < 8; call++) {
      await runScheduledJob(failAfterCommit('d1', call), { AUDIT_SIGNING_KEY })
    }
    expect(await erasures()).toEqual([{ parts: 'routine subject' }, { parts: 'actor' }])
    await rows(`with recursive n(i) as (select 1 union all select i + 1 from n where i < 50)
      insert into departures select 'gone-' || i, 0, i from n`)
    await seal()
    expect(await rows('select * from departures')).toHaveLength(30)
    await seal()
    await seal()
    expect(await rows('select * from departures')).toEqual([])
    expect(await findings()).toEqual([])
  })
})

describe('whose a part is', () => {
  test('a throwaway account takes what was done to it along, not from where', async () => {
    const admin = await signUpHolder('admin')
    const person = await signUpPerson(client)
    const { access_token: token } = await logInAgain(thief, admin)
    const path = `/admin/users/${person.userId}/roles`
    await thief.put(path, { token, body: { roles: ['analyst'] } })
    const own = await logInAgain(client, person)
    expect((await leave(own.access_token)).status).toBe(200)
    expect(await detailOf('roles_changed', person.userId)).toBe(null)
    expect(await actedFrom(THIEF)).toContain('roles_changed')
    await seal()
    advanceSeconds(400 * DAY)
    await seal()
    expect(await actedFrom(THIEF)).toContain('roles_changed')
    expect(await findings()).toEqual([])
  })

  test('a failed login, of an unknown actor, goes with its subject, after the time', async () => {
    const person = await signUpPerson(client)
    await thief.post('/auth/login', { body: { email: person.email, password: 'wrong' } })
    await leave(person.session.access_token)
    expect(await actedFrom(THIEF)).toEqual(['login_failed'])
    advanceSeconds(90 * DAY)
    await seal()
    expect(await actedFrom(THIEF)).toEqual([])
    expect(await findings()).toEqual([])
  })

  test('with AUDIT_EVIDENCE_DAYS=0 all of it goes at once, also what they did to others', async () => {
    const vars = { AUDIT_SIGNING_KEY, AUDIT_EVIDENCE_DAYS: '0' }
    const unkept = createClient({ ip: THIEF, vars })
    const admin = await signUpHolder('admin')
    await signUpHolder('admin')
    const person = await signUpPerson(client)
    const { access_token: token } = await logInAgain(unkept, admin)
    await unkept.post(`/admin/users/${person.userId}/disable`, { token })
    expect((await leave(token, unkept)).status).toBe(200)
    expect(await actedFrom(THIEF)).toEqual([])
    expect(await rows('select * from departures')).toEqual([])
    await seal()
    expect(await findings()).toEqual([])
  })

  test('an event of one part goes at once when either leaves, as they were promised', async () => {
    const [admin, person] = [await signUpHolder('admin'), await signUpPerson(client)]
    const other = await signUpPerson(client)
    const record = (subjectId: string) =>
      rows(
        `insert into audit_events (id, occurred_at, type, outcome, actor_id, subject_id, personal,
          personal_salt, personal_digest) values (?, 1, 'user_disabled', 'success', ?, ?, '{}', 'x', '')`,
        crypto.randomUUID(),
        admin.userId,
        subjectId,
      )
    await record(person.userId)
    await record(other.userId)
    await leave(person.session.access_token)
    const parts = async () =>
      (
        await rows(
          `select personal, personal_salt from audit_events where type = 'user_disabled' order by seq`,
        )
      ).map(({ personal, personal_salt }) => [personal, personal_salt])
    expect(await parts()).toEqual([
      [null, null],
      ['{}', 'x'],
    ])
    await signUpHolder('admin')
    await leave(admin.token)
    expect(await parts()).toEqual([
      [null, null],
      [null, null],
    ])
  })

  test('an export shows from where one acted oneself, and not from where others did', async () => {
    const admin = await signUpHolder('admin')
    const person = await signUpPerson(client)
    await thief.patch(`/admin/users/${person.userId}`, {
      token: sessionOf(
        await thief.post('/auth/login', { body: { email: admin.email, password: PASSWORD } }),
      ).access_token,
      body: { name: 'Named' },
    })
    await client.post('/auth/login', {
      body: { email: person.email, password: 'wrong' },
      headers: { 'X-Request-Id': 'mine' },
    })
    const { access_token: token } = person.session
    const { body } = await client.get('/auth/me/export', { token })
    const events = AccountExport().parse(body).audit_events
    const personal = (type: string) => events.find((event) => event.type === type)?.personal
    expect(personal('user_signed_up')?.ip).toBe('192.0.2.1')
    expect(personal('login_failed')).toMatchObject({
      ip: '192.0.2.1',
      client_request_id: 'mine',
      detail: { reason: 'wrong_password' },
    })
    expect(personal('user_renamed')).toEqual({
      ip: null,
      user_agent: null,
      client_request_id: null,
      detail: {},
    })
  })
})
