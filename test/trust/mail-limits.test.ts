import { describe, expect, test } from 'vitest'
import { signUpHolder } from '../platform/administrators'
import { failAfterCommit } from '../platform/bindings'
import { createClient, runScheduledJob, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedEvents, loggedText } from '../platform/logs'
import { mailsTo, refuseMails, sentMails, subjectOf, subjectsTo } from '../platform/mails'
import { newEmail, PASSWORD, signUpPerson, verifiedPerson } from '../platform/people'
import { rows } from '../platform/records'

// Nobody can have the service fill somebody's mailbox.

const HOUR = 60 * 60
const client = createClient()

let devices = 0
const device = (interfere?: Parameters<typeof createClient>[0]) =>
  createClient({ ip: `10.77.${++devices}.1`, userAgent: `device-${devices}`, ...interfere })

const logIn = (email: string, by = device()) =>
  by.post('/auth/login', { body: { email, password: PASSWORD } })

const waiting = (userId: string) =>
  rows(`select type from outbox where channel = 'mail' and user_id = ?`, userId)

/** Nothing comes after the answer to these logins. */
const dying = () =>
  device({
    interfere: (call, proceed) => (call.index > 1 ? Promise.reject(new Error('gone')) : proceed()),
  })

describe('notices', () => {
  test('forty logins from new devices: five mails, then one an hour, and the log says so', async () => {
    const { email, userId } = await verifiedPerson(client)
    for (let login = 0; login < 40; login++) expect((await logIn(email)).status).toBe(200)
    expect(subjectsTo(email)).toEqual(Array(5).fill(subjectOf('new_device')))
    expect(await waiting(userId)).toEqual([])
    const limited = loggedEvents('mail_limited')
    expect(limited).toHaveLength(35)
    expect(limited[0]).toMatchObject({ type: 'new_device', user_id: userId })
    expect(loggedText()).not.toContain(email)
    for (const [seconds, mails] of [
      [HOUR - 1, 5],
      [1, 6],
      [HOUR - 1, 6],
      [22 * HOUR, 7],
      [1, 8],
    ] as const) {
      advanceSeconds(seconds)
      await logIn(email)
      expect(mailsTo(email)).toHaveLength(mails)
    }
  })

  test('are counted anew every day', async () => {
    const { email } = await verifiedPerson(client)
    for (const mails of [5, 10]) {
      for (let login = 0; login < 6; login++) await logIn(email)
      expect(mailsTo(email)).toHaveLength(mails)
      advanceSeconds(24 * HOUR)
    }
  })

  test('of another kind, and to another address, are counted apart', async () => {
    const [one, other] = [await verifiedPerson(client), await verifiedPerson(client)]
    for (let login = 0; login < 6; login++) await logIn(one.email)
    await logIn(other.email)
    expect(mailsTo(other.email)).toHaveLength(1)
    const body = { current_password: PASSWORD, new_password: 'another horse, another battery' }
    const token = one.session.access_token
    expect((await client.post('/auth/change-password', { token, body })).status).toBe(200)
    expect(subjectsTo(one.email).slice(5)).toEqual([subjectOf('password_changed')])
  })

  test('that wait together are limited together', async () => {
    const { email, userId } = await verifiedPerson(client)
    for (let login = 0; login < 8; login++) await logIn(email, dying())
    expect(await waiting(userId)).toHaveLength(8)
    await runScheduledJob()
    expect(mailsTo(email)).toHaveLength(5)
    expect(await waiting(userId)).toEqual([])
  })

  test('that are tried again are neither counted again nor dropped', async () => {
    refuseMails(() => Promise.reject(new Error('down')))
    const { email, userId } = await verifiedPerson(client)
    for (let login = 0; login < 5; login++) await logIn(email)
    for (const minutes of [1, 2, 4, 8]) {
      advanceSeconds(minutes * 60)
      await runScheduledJob()
    }
    expect(await waiting(userId)).toHaveLength(5)
    refuseMails(null)
    advanceSeconds(16 * 60)
    await runScheduledJob()
    expect(mailsTo(email)).toHaveLength(5)
    expect(loggedEvents('mail_limited')).toEqual([])
  })

  test('a claim that D1 runs twice counts once and drops nothing', async () => {
    const { email } = await verifiedPerson(client)
    // Of a login's calls the first two come before the answer, then what is due is read and claimed.
    const unclear = () => device({ interfere: failAfterCommit('d1', 3) })
    for (let login = 0; login < 5; login++) await logIn(email, unclear())
    expect(mailsTo(email)).toHaveLength(5)
    await logIn(email, unclear())
    expect(mailsTo(email)).toHaveLength(5)
  })

  test('two runs at once count each mail once', async () => {
    const { email } = await verifiedPerson(client)
    for (let login = 0; login < 4; login++) await logIn(email, dying())
    await Promise.all([runScheduledJob(), runScheduledJob(), runScheduledJob()])
    await logIn(email)
    await logIn(email)
    expect(mailsTo(email)).toHaveLength(5)
  })

  test('go to nobody who has not verified the address', async () => {
    const { email, userId, session } = await signUpPerson(client)
    let token = session.access_token
    await logIn(email)
    const made = await client.post('/auth/api-keys', {
      token,
      body: { name: 'x', permissions: [] },
    })
    expect(made.status).toBe(201)
    const body = { current_password: PASSWORD, new_password: 'another horse, another battery' }
    token = sessionOf(await client.post('/auth/change-password', { token, body })).access_token
    const left = await client.delete('/auth/me', { token, body: { password: body.new_password } })
    expect(left.status).toBe(200)
    expect(await waiting(userId)).toEqual([])
    expect(mailsTo(email)).toEqual([])
  })
})

describe('mails to an address that somebody else names', () => {
  test('many accounts that want it as their next one', async () => {
    const stranger = newEmail()
    for (let account = 0; account < 8; account++) {
      const { session } = await signUpPerson(client)
      const named = account % 2 === 0 ? stranger : stranger.toUpperCase()
      const body = { password: PASSWORD, new_email: named }
      const token = session.access_token
      expect((await client.post('/auth/change-email', { token, body })).status).toBe(202)
    }
    const mails = sentMails().filter(({ to }) => to.toLowerCase() === stranger)
    expect(mails).toHaveLength(5)
    expect(loggedEvents('mail_limited')).toHaveLength(3)
  })

  test('many invitations', async () => {
    const email = newEmail()
    const invite = async ({ token }: { token: string }) => {
      advanceSeconds(1)
      expect((await client.post('/admin/invitations', { token, body: { email } })).status).toBe(202)
    }
    const admin = await signUpHolder('admin')
    for (let invitation = 0; invitation < 8; invitation++) await invite(admin)
    expect(mailsTo(email)).toHaveLength(5)
    advanceSeconds(6 * HOUR)
    await invite(await signUpHolder('admin'))
    expect(mailsTo(email)).toHaveLength(6)
  })

  test('accounts that are made and deleted again and again', async () => {
    const optional = createClient({ vars: { EMAIL_VERIFICATION: 'optional' } })
    const email = newEmail()
    for (let account = 0; account < 8; account++) {
      const body = { email, password: PASSWORD }
      const { access_token: token } = sessionOf(await optional.post('/auth/signup', { body }))
      const left = await optional.delete('/auth/me', { token, body: { password: PASSWORD } })
      expect(left.status).toBe(200)
    }
    expect(subjectsTo(email)).toEqual(Array(5).fill(subjectOf('verify_email')))
  })
})

test('a new password that an administrator asks for is always mailed', async () => {
  const { token } = await signUpHolder('admin')
  const { email, userId } = await signUpPerson(client)
  for (let minute = 0; minute < 6; minute++) {
    await client.post('/auth/forgot-password', { body: { email } })
    advanceSeconds(60)
  }
  expect(mailsTo(email)).toHaveLength(5)
  const answer = await client.post(`/admin/users/${userId}/force-password-reset`, { token })
  expect(answer.status).toBe(200)
  expect(mailsTo(email)).toHaveLength(6)
})
