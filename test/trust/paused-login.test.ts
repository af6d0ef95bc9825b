import { expect, test } from 'vitest'
import { failAfterCommit, type Interference } from '../platform/bindings'
import { createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { mailsTo, sentMails, subjectOf, subjectsTo } from '../platform/mails'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

// At most a hundred failures in a row from places that are not known (NIST SP 800-63B-4 §3.2.2), however long that takes.

let networks = 0
const from = (vars = {}, interfere?: Interference) =>
  createClient({
    ip: `10.${70 + (++networks >> 8)}.${networks & 255}.7`,
    vars,
    ...(interfere && { interfere }),
  })
type By = ReturnType<typeof from>

const logIn = (by: By, email: string, password = 'wrong') =>
  by.post('/auth/login', { body: { email, password } })

async function signUpVerified(by: By) {
  const person = await signUpPerson(by)
  await rows('update users set email_verified_at = ? where id = ?', Date.now(), person.userId)
  return person
}

/** So many failures, of which only the last is made: each would cost what a login costs. */
async function fail(email: string, count: number, by = from()) {
  await logIn(from(), email)
  await rows(
    'update login_attempts set failures = ? where window_ends_at > ?',
    count - 1,
    Date.now() + 9e7,
  )
  return logIn(by, email)
}

test('three hours of guesses: a hundred are looked at, and the owner is told once', async () => {
  const { email, userId } = await signUpVerified(from())
  let looked = 0
  for (let hour = 0; hour < 3; hour++) {
    for (let guess = 0; guess < 60; guess++) {
      if ((await logIn(from(), email)).status === 401) looked++
    }
    advanceSeconds(3601)
  }
  expect(looked).toBe(100)
  expect(subjectsTo(email)).toEqual([subjectOf('login_paused')])
  const { mails } = await row(
    "select count(*) as mails from outbox where user_id = ? and channel = 'mail'",
    userId,
  )
  expect(mails).toBe(0)
})

test('where nobody logs in it goes on for 30 days, then it begins anew', async () => {
  const home = from()
  const { email } = await signUpVerified(home)
  await fail(email, 100)
  advanceSeconds(29 * 86_400)
  const refused = await logIn(from(), email, PASSWORD)
  expect(refusal(refused)).toBe('429 too_many_attempts')
  expect(refused.headers.get('Retry-After')).toBe('3600')
  advanceSeconds(86_400)
  expect((await logIn(from(), email)).status).toBe(401)
})

test('a right login begins anew: a hundred more, and one more mail', async () => {
  const home = from()
  const { email } = await signUpVerified(home)
  await fail(email, 100)
  expect((await logIn(from(), email)).status).toBe(429)
  expect((await logIn(home, email, PASSWORD)).status).toBe(200)
  expect((await logIn(from(), email)).status).toBe(401)
  expect((await fail(email, 99)).status).toBe(401)
  expect(subjectsTo(email)).toEqual([subjectOf('login_paused')])
  expect((await logIn(from(), email)).status).toBe(401)
  expect((await logIn(from(), email)).status).toBe(429)
  expect(subjectsTo(email)).toEqual([subjectOf('login_paused'), subjectOf('login_paused')])
})

test('so does the right password of somebody who is signed in', async () => {
  const home = from()
  const { email, session } = await signUpVerified(home)
  await fail(email, 100)
  const body = { current_password: PASSWORD, new_password: 'another horse, another battery' }
  const changed = await home.post('/auth/change-password', { token: session.access_token, body })
  expect(changed.status).toBe(200)
  expect((await logIn(from(), email)).status).toBe(401)
})

test('the hundredth may be the owner’s own, where they are asked for their password', async () => {
  const home = from()
  const { email, session } = await signUpVerified(home)
  await fail(email, 99)
  const body = { password: 'wrong' }
  const refused = await home.delete('/auth/me', { token: session.access_token, body })
  expect(refusal(refused)).toBe('403 wrong_password')
  expect(subjectsTo(email)).toEqual([subjectOf('login_paused')])
})

test('a batch that ran twice tells the owner once', async () => {
  const { email } = await signUpVerified(from())
  await fail(email, 100, from({}, failAfterCommit('d1', 1)))
  expect(mailsTo(email)).toHaveLength(1)
})

test('the mail says what to do, and neither where from nor what was tried', async () => {
  const { email } = await signUpVerified(from())
  await fail(email, 100)
  const [mail] = mailsTo(email)
  expect(mail?.text).toContain('choose a new password')
  expect(mail?.text).not.toMatch(/10\.\d+\.|wrong\b(?! passwords)/)
})

test('an unknown email is paused the same, with the same statements, and nobody is told', async () => {
  const email = newEmail()
  const known = await signUpVerified(from())
  const hundredth = await fail(email, 100)
  expect(hundredth.status).toBe(401)
  expect((await logIn(from(), email)).status).toBe(429)
  expect(sentMails()).toEqual([])
  expect(await rows("select id from outbox where channel = 'mail'")).toEqual([])
  await rows('delete from login_attempts')
  expect((await fail(known.email, 100)).cost).toEqual(hundredth.cost)
})

test('the session of the owner goes on', async () => {
  const home = from()
  const { email, session } = await signUpVerified(home)
  await fail(email, 100)
  const body = { refresh_token: session.refresh_token }
  expect(sessionOf(await from().post('/auth/refresh', { body })).access_token).toBeTruthy()
})
