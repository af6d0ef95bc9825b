import { describe, expect, test } from 'vitest'
import { DeletionScheduled } from '../../src/http/account-wire'
import { signUpHolder, withoutOtherAdmins } from '../platform/administrators'
import { newKey, withKey } from '../platform/api-keys'
import { AUDIT_KEY } from '../platform/audit'
import { failAfterCommit, interrupt, preempt } from '../platform/bindings'
import { createClient, refusal, runScheduledJob } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo, mailsTo, subjectOf, subjectsTo } from '../platform/mails'
import { logInAgain, newEmail, PASSWORD, refresh, signUpPerson } from '../platform/people'
import { eventTypes, marker, row, rows, setActive } from '../platform/records'

// While a change of the email can be undone, the account cannot be deleted for good.

const DAY = 86_400
const NEXT = 'another horse, another battery'
const client = createClient()

const leave = (token: string, by = client) =>
  by.delete('/auth/me', { token, body: { password: PASSWORD } })
const undo = (token: string, by = client) => by.post('/auth/change-email/undo', { body: { token } })
const logIn = (email: string, password = PASSWORD) =>
  client.post('/auth/login', { body: { email, password } })
const signUp = (email: string) =>
  client.post('/auth/signup', { body: { email, password: PASSWORD } })
const runJob = () => runScheduledJob(undefined, { AUDIT_SIGNING_KEY: JSON.stringify(AUDIT_KEY) })
const userRow = (userId: string) => rows('select * from users where id = ?', userId)

async function move(token: string, next: string) {
  const body = { password: PASSWORD, new_email: next }
  expect((await client.post('/auth/change-email', { token, body })).status).toBe(202)
  const confirmation = { token: lastTokenTo(next) }
  const answer = await client.post('/auth/change-email/confirm', { token, body: confirmation })
  expect(answer.status).toBe(200)
}

/** Somebody whose verified email was changed just now. */
async function moved(...roles: string[]) {
  const person = roles.length > 0 ? await signUpHolder(...roles) : await signUpPerson(client)
  await rows('update users set email_verified_at = 1 where id = ?', person.userId)
  const next = newEmail()
  await move(person.session.access_token, next)
  const { access_token: token, refresh_token } = await logInAgain(client, {
    ...person,
    email: next,
  })
  return { ...person, next, token, refresh_token, undoing: lastTokenTo(person.email) }
}

async function scheduled() {
  const person = await moved()
  const answer = await leave(person.token)
  expect(answer.status).toBe(202)
  return { ...person, ...DeletionScheduled().parse(answer.body) }
}

describe('deleting the account while a change of its email can be undone', () => {
  test('disables it at once, and says when it will be gone', async () => {
    const person = await moved()
    const { key } = await newKey(person.token)
    await client.post('/auth/forgot-password', { body: { email: person.next } })
    const link = lastTokenTo(person.next)
    advanceSeconds(DAY)
    const answer = await leave(
      (await logInAgain(client, { ...person, email: person.next })).access_token,
    )
    expect(answer.status).toBe(202)
    const { deletes_at } = DeletionScheduled().parse(answer.body)
    expect(Date.parse(deletes_at)).toBe(Date.now() + 6 * DAY * 1000)

    const [user] = await userRow(person.userId)
    expect(user).toMatchObject({ is_active: 0, delete_at: Date.parse(deletes_at) })
    const live = await rows(
      'select id from user_sessions where user_id = ? and revoked_at is null',
      person.userId,
    )
    expect(live).toEqual([])
    expect(refusal(await refresh(client, person.refresh_token))).toBe('401 invalid_refresh_token')
    expect(refusal(await client.get('/auth/verify', { token: person.token }))).toBe(
      '401 invalid_token',
    )
    expect(await marker(`revoked:user:${person.userId}`)).toBe(
      JSON.stringify({ epoch: user?.['auth_epoch'] }),
    )
    expect(refusal(await client.get('/auth/me', withKey(key)))).toBe('401 invalid_api_key')
    const body = { token: link, new_password: NEXT }
    expect(refusal(await client.post('/auth/reset-password', { body }))).toBe('400 invalid_link')
    expect(refusal(await logIn(person.next))).toBe('403 account_disabled')
    expect(await eventTypes(person.userId)).not.toContain('user_deleted')
    const told = await rows(
      `select type from outbox where user_id = ? and channel = 'event' order by seq`,
      person.userId,
    )
    expect(told.map(({ type }) => type).at(-1)).toBe('user_disabled')
  })

  test('tells both addresses, the former with the link that keeps it', async () => {
    const person = await scheduled()
    expect(subjectsTo(person.next).at(-1)).toBe(subjectOf('account_deletion_scheduled'))
    expect(mailsTo(person.next).at(-1)?.text).not.toMatch(/[#?]token=/)
    expect(subjectsTo(person.email).at(-1)).toBe(subjectOf('account_deletion_can_be_undone'))
    expect(lastTokenTo(person.email)).toBe(person.undoing)
  })

  test('leaves neither address to others, until it is gone', async () => {
    const person = await scheduled()
    for (const email of [person.email, person.next]) {
      expect(refusal(await signUp(email.toUpperCase()))).toBe('409 email_taken')
    }
    advanceSeconds(7 * DAY - 1)
    await runJob()
    expect(await userRow(person.userId)).toHaveLength(1)
    for (const email of [person.email, person.next]) {
      expect(refusal(await signUp(email))).toBe('409 email_taken')
    }
    advanceSeconds(1)
    await runJob()
    expect(await userRow(person.userId)).toEqual([])
    for (const email of [person.email, person.next]) {
      expect((await signUp(email)).status).toBe(201)
    }
  })

  test('is carried out by the job, as a deletion at once is', async () => {
    const person = await scheduled()
    advanceSeconds(7 * DAY)
    await runJob()
    expect(await userRow(person.userId)).toEqual([])
    expect((await eventTypes(person.userId)).slice(-3)).toEqual([
      'user_deletion_scheduled',
      'user_deleted',
      'personal_data_erased',
    ])
    const deleted = await row(
      `select actor_id, personal from audit_events where type = 'user_deleted' and subject_id = ?`,
      person.userId,
    )
    expect(deleted).toEqual({ actor_id: null, personal: '{"ip":null,"user_agent":null}' })
    expect(subjectsTo(person.next).at(-1)).toBe(subjectOf('account_deleted'))
    expect(
      await row('select left_at, erase_at from departures where user_id = ?', person.userId),
    ).toEqual({
      left_at: Date.now(),
      erase_at: Date.now() + 90 * DAY * 1000,
    })
    expect(refusal(await undo(person.undoing))).toBe('400 invalid_link')
  })

  test('is carried out once, whatever the database says of the batch, and many in turn', async () => {
    const people = [await scheduled(), await scheduled()]
    advanceSeconds(7 * DAY)
    for (let call = 0; call < 6; call++) await runScheduledJob(failAfterCommit('d1', call))
    for (const { userId, next } of people) {
      const types = await eventTypes(userId)
      expect(types.filter((type) => type === 'user_deleted')).toHaveLength(1)
      expect(types.filter((type) => type === 'personal_data_erased')).toHaveLength(1)
      expect(
        mailsTo(next).filter(({ subject }) => subject === subjectOf('account_deleted')),
      ).toHaveLength(1)
    }
  })

  test('is scheduled once where the batch runs twice, also with others between', async () => {
    for (const way of [failAfterCommit('d1', 1), interrupt('d1', 1, () => signUpPerson(client))]) {
      const person = await moved()
      const answer = await leave(person.token, createClient({ interfere: way }))
      expect(answer.status).toBe(202)
      const types = await eventTypes(person.userId)
      expect(types.filter((type) => type === 'user_deletion_scheduled')).toHaveLength(1)
      expect(mailsTo(person.email).at(-1)?.subject).toBe(
        subjectOf('account_deletion_can_be_undone'),
      )
      const [user] = await userRow(person.userId)
      expect(user).toMatchObject({ is_active: 0, auth_epoch: 3 })
    }
  })

  test('is a deletion at once where nothing can be undone: never changed, undone, over', async () => {
    const never = await signUpPerson(client)
    expect((await leave(never.session.access_token)).status).toBe(200)
    const late = await moved()
    advanceSeconds(7 * DAY)
    const { access_token } = await logInAgain(client, { ...late, email: late.next })
    expect((await leave(access_token)).status).toBe(200)
    expect(await userRow(late.userId)).toEqual([])
  })

  test('is refused as a deletion at once is, and leaves all as it was', async () => {
    const person = await moved()
    const wrong = { password: 'wrong' }
    const answer = await client.delete('/auth/me', { token: person.token, body: wrong })
    expect(refusal(answer)).toBe('403 wrong_password')
    const out = () => client.post('/auth/logout', { token: person.token })
    const late = await leave(person.token, createClient({ interfere: preempt('d1', 1, out) }))
    expect(refusal(late)).toBe('401 invalid_token')
    expect(await userRow(person.userId)).toMatchObject([{ is_active: 1, delete_at: null }])
    expect(subjectsTo(person.email)).toEqual([subjectOf('email_changed')])
  })

  test('is not for the last admin', async () => {
    const admin = await moved('admin')
    await withoutOtherAdmins(admin.userId)
    expect(refusal(await leave(admin.token))).toBe('409 last_admin')
    expect(await userRow(admin.userId)).toMatchObject([{ is_active: 1, delete_at: null }])
  })
})

describe('undoing the change', () => {
  test('keeps the account of an owner whose thief has deleted it', async () => {
    const person = await scheduled()
    advanceSeconds(6 * DAY)
    await runJob()
    expect((await undo(person.undoing)).status).toBe(200)
    const [user] = await userRow(person.userId)
    expect(user).toMatchObject({
      email: person.email,
      is_active: 1,
      delete_at: null,
      password_hash: null,
      recovered_at: Date.now(),
    })
    expect((await eventTypes(person.userId)).slice(-2)).toEqual([
      'email_change_undone',
      'user_deletion_cancelled',
    ])
    const told = await rows(
      `select type from outbox where user_id = ? and channel = 'event' order by seq`,
      person.userId,
    )
    expect(told.map(({ type }) => type).slice(-2)).toEqual(['email_changed', 'user_enabled'])
    const body = { token: lastTokenTo(person.email), new_password: NEXT }
    expect((await client.post('/auth/reset-password', { body })).status).toBe(200)
    advanceSeconds(30 * DAY)
    await runJob()
    expect((await logIn(person.email, NEXT)).status).toBe(200)
  })

  test('tells the address that loses the account', async () => {
    const person = await moved()
    const before = mailsTo(person.next).length
    expect((await undo(person.undoing)).status).toBe(200)
    expect(subjectsTo(person.next).slice(before)).toEqual([subjectOf('email_change_undone')])
    expect(subjectsTo(person.email)).not.toContain(subjectOf('email_change_undone'))
    const events = await eventTypes(person.userId)
    expect(events.at(-1)).toBe('email_change_undone')
  })

  test('tells nobody of a loss where the account has the address already', async () => {
    const person = await moved()
    await rows(
      'update users set email = ?1, email_normalized = ?1 where id = ?2',
      person.email,
      person.userId,
    )
    expect((await undo(person.undoing)).status).toBe(200)
    expect(subjectsTo(person.email)).not.toContain(subjectOf('email_change_undone'))
  })

  test('is done once, where its batch runs twice', async () => {
    for (const way of [failAfterCommit('d1', 1), interrupt('d1', 1, () => signUpPerson(client))]) {
      const person = await scheduled()
      const answer = await undo(person.undoing, createClient({ interfere: way }))
      expect(answer.status).toBe(200)
      expect(await userRow(person.userId)).toMatchObject([{ is_active: 1, delete_at: null }])
      const types = await eventTypes(person.userId)
      for (const type of ['email_change_undone', 'user_deletion_cancelled']) {
        expect(types.filter((other) => other === type)).toHaveLength(1)
      }
      expect(subjectsTo(person.next).at(-1)).toBe(subjectOf('email_change_undone'))
    }
  })

  test('that comes too late does nothing, and one that comes first keeps the account', async () => {
    const person = await scheduled()
    advanceSeconds(7 * DAY - 1)
    const carriedOut = async () => {
      advanceSeconds(1)
      await runJob()
    }
    const late = createClient({ interfere: preempt('d1', 1, carriedOut) })
    expect(refusal(await undo(person.undoing, late))).toBe('400 invalid_link')
    expect(await userRow(person.userId)).toEqual([])
    const other = await scheduled()
    advanceSeconds(7 * DAY)
    const rescue = () =>
      rows('update users set is_active = 1, delete_at = null where id = ?', other.userId)
    // The first call is for revocations, the second for what is due, the third deletes.
    await runScheduledJob(preempt('d1', 2, rescue))
    expect(await userRow(other.userId)).toMatchObject([{ is_active: 1 }])
    expect(await eventTypes(other.userId)).not.toContain('user_deleted')
  })
})

describe('an administrator', () => {
  test('who enables the account ends its deletion', async () => {
    const [admin, person] = [await signUpHolder('admin'), await scheduled()]
    const answer = await client.post(`/admin/users/${person.userId}/enable`, admin)
    expect(answer.status).toBe(200)
    expect(await userRow(person.userId)).toMatchObject([{ is_active: 1, delete_at: null }])
    advanceSeconds(30 * DAY)
    await runJob()
    expect((await logIn(person.next)).status).toBe(200)
  })

  test('who disables it has the last word: undoing does not enable it again', async () => {
    const [admin, person] = [await signUpHolder('admin'), await scheduled()]
    const answer = await client.post(`/admin/users/${person.userId}/disable`, admin)
    expect(answer.status).toBe(200)
    expect(await eventTypes(person.userId)).toContain('user_disabled')
    expect((await undo(person.undoing)).status).toBe(200)
    expect(await userRow(person.userId)).toMatchObject([
      { is_active: 0, delete_at: null, email: person.email },
    ])
    advanceSeconds(30 * DAY)
    await runJob()
    expect(await userRow(person.userId)).toHaveLength(1)
  })

  test('who renames it changes nothing of that', async () => {
    const [admin, person] = [await signUpHolder('admin'), await scheduled()]
    const body = { name: 'Named' }
    await client.patch(`/admin/users/${person.userId}`, { token: admin.token, body })
    const [user] = await userRow(person.userId)
    expect(user).toMatchObject({ is_active: 0, name: 'Named' })
    expect(user?.['delete_at']).toBe(Date.parse(person.deletes_at))
  })
})

test('a disabled account that was never to be deleted stays disabled when a change is undone', async () => {
  const person = await moved()
  await setActive(person.userId, false)
  expect((await undo(person.undoing)).status).toBe(200)
  expect(await userRow(person.userId)).toMatchObject([{ is_active: 0, delete_at: null }])
  expect(await eventTypes(person.userId)).not.toContain('user_deletion_cancelled')
})
