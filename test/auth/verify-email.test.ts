import { describe, expect, test } from 'vitest'
import { createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo, mailsTo, subjectOf, subjectsTo } from '../platform/mails'
import { logInAgain, newEmail, PASSWORD, refresh, signUpPerson } from '../platform/people'
import { eventTypes, row, rows, sessionRows } from '../platform/records'

const off = createClient()
const optional = createClient({ vars: { EMAIL_VERIFICATION: 'optional' } })
const required = createClient({ vars: { EMAIL_VERIFICATION: 'required' } })

/** With the password, where no access token is given. */
const verify = (token: string, accessToken?: string) =>
  accessToken === undefined
    ? off.post('/auth/verify-email', { body: { token, password: PASSWORD } })
    : off.post('/auth/verify-email', { body: { token }, token: accessToken })
const resend = (email: string) => off.post('/auth/verify-email/resend', { body: { email } })
const isVerified = async (userId: string) =>
  (await row('select email_verified_at from users where id = ?', userId))['email_verified_at'] !==
  null

test('off: nobody is mailed', async () => {
  const { email } = await signUpPerson(off)
  expect(mailsTo(email)).toEqual([])
})

describe('optional', () => {
  test('signs in at once and mails a link, which verifies once', async () => {
    const { email, userId, session } = await signUpPerson(optional)
    expect(subjectsTo(email)).toEqual([subjectOf('verify_email')])
    expect(await isVerified(userId)).toBe(false)
    const token = lastTokenTo(email)
    const answer = await verify(token, session.access_token)
    expect(answer.status).toBe(200)
    expect(answer.cost).toMatchObject({ d1: 2, kvWrites: 1, derivations: 0 })
    expect(await isVerified(userId)).toBe(true)
    expect(refusal(await verify(token, session.access_token))).toBe('400 invalid_link')
    expect(refusal(await verify(token))).toBe('400 invalid_link')
    expect(await eventTypes(userId)).toEqual(['user_signed_up', 'email_verified'])
  })

  test('ends every session from before, but that of the user who redeems', async () => {
    const person = await signUpPerson(optional)
    const mine = await logInAgain(off, person)
    const { access_token: token } = mine
    expect((await verify(lastTokenTo(person.email), token)).status).toBe(200)
    expect((await off.get('/auth/me', { token })).status).toBe(200)
    expect((await off.get('/auth/verify', { token })).status).toBe(200)
    expect((await refresh(off, mine.refresh_token)).status).toBe(200)
    expect(refusal(await off.get('/auth/verify', { token: person.session.access_token }))).toBe(
      '401 invalid_token',
    )
    const rows = await sessionRows(person.userId)
    expect(rows.map(({ revoked_reason }) => revoked_reason).toSorted()).toEqual([
      'email_verified',
      null,
    ])
  })

  test('another user’s access token shows nothing, and the link stays good', async () => {
    const [person, other] = [await signUpPerson(optional), await signUpPerson(optional)]
    const { access_token: token } = other.session
    const link = lastTokenTo(person.email)
    expect(refusal(await verify(link, token))).toBe('403 password_required')
    expect(await isVerified(person.userId)).toBe(false)
    const body = { token: link, password: PASSWORD }
    expect((await off.post('/auth/verify-email', { body, token })).status).toBe(200)
    expect((await off.get('/auth/me', { token })).status).toBe(200)
    expect(refusal(await off.get('/auth/me', { token: person.session.access_token }))).toBe(
      '401 invalid_token',
    )
  })

  test('an access token that is of no use shows nothing and hinders nothing', async () => {
    const [one, other] = [await signUpPerson(optional), await signUpPerson(optional)]
    expect(refusal(await verify(lastTokenTo(one.email), 'x.y.z'))).toBe('403 password_required')
    advanceSeconds(901)
    const { access_token: token } = other.session
    const body = { token: lastTokenTo(other.email) }
    expect(refusal(await off.post('/auth/verify-email', { body, token }))).toBe(
      '403 password_required',
    )
    expect(await isVerified(other.userId)).toBe(false)
    const proven = { ...body, password: PASSWORD }
    expect((await off.post('/auth/verify-email', { body: proven, token })).status).toBe(200)
    expect(refusal(await refresh(off, other.session.refresh_token))).toBe(
      '401 invalid_refresh_token',
    )
  })

  test('for 24 hours, for the address it was sent to, for an active account', async () => {
    const [late, moved, disabled] = [
      await signUpPerson(optional),
      await signUpPerson(optional),
      await signUpPerson(optional),
    ]
    await rows('update users set email = ? where id = ?', newEmail(), moved.userId)
    expect(refusal(await verify(lastTokenTo(moved.email)))).toBe('400 invalid_link')
    await rows('update users set is_active = 0 where id = ?', disabled.userId)
    expect(refusal(await verify(lastTokenTo(disabled.email)))).toBe('400 invalid_link')
    advanceSeconds(86_400)
    expect(refusal(await verify(lastTokenTo(late.email)))).toBe('400 invalid_link')
  })
})

describe('resend', () => {
  test('answers the same for everybody, and mails the link that is good already once more', async () => {
    const waiting = await signUpPerson(optional)
    const verified = await signUpPerson(optional)
    await verify(lastTokenTo(verified.email))
    const first = lastTokenTo(waiting.email)
    const expected = await resend(newEmail())
    expect(await resend(waiting.email)).toMatchObject({ status: 202, body: expected.body })
    expect(mailsTo(waiting.email), 'within a minute').toHaveLength(1)
    advanceSeconds(60)
    for (const { email } of [waiting, verified]) {
      const answer = await resend(email)
      expect([answer.status, answer.body, answer.cost]).toEqual([202, expected.body, expected.cost])
    }
    expect(mailsTo(verified.email)).toHaveLength(1)
    expect(mailsTo(waiting.email)).toHaveLength(2)
    expect(lastTokenTo(waiting.email)).toBe(first)
    expect((await verify(first)).status).toBe(200)
  })
})

describe('required', () => {
  const signUp = async () => {
    const email = newEmail()
    const answer = await required.post('/auth/signup', { body: { email, password: PASSWORD } })
    return { email, answer }
  }
  const logIn = (email: string, password: string) =>
    required.post('/auth/login', { body: { email, password } })

  test('no session before the link was opened', async () => {
    const { email, answer } = await signUp()
    expect(answer.status).toBe(201)
    expect(Object.keys(answer.body as object)).toEqual(['user'])
    const { id } = await row('select id from users where email = ?', email)
    expect(await sessionRows(String(id))).toEqual([])
    const refused = await logIn(email, PASSWORD)
    expect(refusal(refused)).toBe('403 email_not_verified')
    expect(await sessionRows(String(id))).toEqual([])
    expect(refusal(await logIn(email, 'not the password'))).toBe('401 invalid_credentials')
    const failed = await rows(
      `select subject_personal from audit_events where subject_id = ? and type = 'login_failed' order by seq`,
      id,
    )
    expect(
      failed.map(({ subject_personal }) => JSON.parse(String(subject_personal)).detail.reason),
    ).toEqual(['email_not_verified', 'wrong_password'])
    expect((await verify(lastTokenTo(email))).status).toBe(200)
    expect((await logIn(email, PASSWORD)).status).toBe(200)
  })

  test('with the cookie there is none either', async () => {
    const body = { email: newEmail(), password: PASSWORD, transport: 'cookie' }
    const headers = { Origin: 'http://127.0.0.1:8787' }
    const answer = await required.post('/auth/signup', { body, headers })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('Set-Cookie')).toBe(null)
  })
})
