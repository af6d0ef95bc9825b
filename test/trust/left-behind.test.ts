import { describe, expect, test } from 'vitest'
import { type Answer, createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { mailsTo } from '../platform/mails'
import { logInAgain, newEmail, PASSWORD, sidOf, signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

// What somebody has left behind, an account, a device, a token, does nothing for them later; and an address that is
// taken shows in nothing that a request leaves behind.

const BROWSER = { 'Content-Type': 'application/json', Origin: 'http://127.0.0.1:8787' }
const NEXT = 'another horse, another battery'
let networks = 0
const from = () => createClient({ ip: `10.90.${networks++}.7` })

const browse = (path: string, body: object, cookie = '', by = from()) =>
  by.post(path, {
    body: { ...body, transport: 'cookie' },
    headers: { ...BROWSER, ...(cookie && { Cookie: cookie }) },
  })

function deviceOf(answer: Answer): string {
  expect(answer.status).toBeLessThan(300)
  const set = answer.headers.getSetCookie().find((text) => text.startsWith('__Host-device='))
  return set?.replace(/;.*/, '') ?? ''
}

/** How many of ten guesses are looked at, from one network of its own for each. */
async function looked(email: string, cookie: string): Promise<number> {
  await rows('update login_attempts set failures = 100 where window_ends_at > ?', Date.now() + 9e7)
  const answers: Answer[] = []
  for (let guess = 0; guess < 4; guess++) {
    answers.push(await browse('/auth/login', { email, password: `wrong ${guess}` }, cookie))
  }
  return answers.filter(({ status }) => status === 401).length
}

describe('a device', () => {
  test('of an account that is gone is none of the next one with that address', async () => {
    const email = newEmail()
    const first = await browse('/auth/signup', { email, password: PASSWORD })
    const cookie = deviceOf(first)
    const { access_token: token } = first.body as { access_token: string }
    const left = await from().delete('/auth/me', { token, body: { password: PASSWORD } })
    expect(left.status).toBe(200)
    advanceSeconds(60)
    const own = deviceOf(await browse('/auth/signup', { email, password: NEXT }))
    await browse('/auth/login', { email, password: 'wrong' })
    expect(await looked(email, cookie)).toBe(0)
    expect((await browse('/auth/login', { email, password: NEXT }, own)).status).toBe(200)
  })

  test('of before a change of the password is a stranger’s; the one that changed it is known', async () => {
    const person = await signUpPerson(from())
    const { email } = person
    const thiefs = deviceOf(await browse('/auth/login', { email, password: PASSWORD }))
    advanceSeconds(60)
    const { access_token: token } = await logInAgain(from(), person)
    const changed = await from().post('/auth/change-password', {
      token,
      body: { current_password: PASSWORD, new_password: NEXT, transport: 'cookie' },
      headers: BROWSER,
    })
    const own = deviceOf(changed)
    await browse('/auth/login', { email, password: 'wrong' })
    expect(await looked(email, thiefs)).toBe(0)
    expect((await browse('/auth/login', { email, password: NEXT }, own)).status).toBe(200)
  })

  test('nor is a network of before it the user’s', async () => {
    const person = await signUpPerson(from())
    const thief = createClient({ ip: '203.0.113.40' })
    await logInAgain(thief, person)
    const { access_token: token } = person.session
    advanceSeconds(60)
    const body = { current_password: PASSWORD, new_password: NEXT }
    expect((await from().post('/auth/change-password', { token, body })).status).toBe(200)
    await browse('/auth/login', { email: person.email, password: 'wrong' })
    await rows(
      'update login_attempts set failures = 100 where window_ends_at > ?',
      Date.now() + 9e7,
    )
    const guess = await thief.post('/auth/login', { body: { email: person.email, password: 'x' } })
    expect(refusal(guess)).toBe('429 too_many_attempts')
  })
})

describe('an access token that has expired', () => {
  test('ends its own session, and neither the others nor the keys', async () => {
    const owner = from()
    const person = await signUpPerson(owner)
    const other = await logInAgain(owner, person)
    const { access_token: token } = person.session
    await owner.post('/auth/api-keys', { token, body: { name: 'Machine' } })
    advanceSeconds(3600)
    const answer = await from().post('/auth/logout', { token, body: { everywhere: true } })
    expect(refusal(answer)).toBe('401 invalid_token')
    const endOf = async (session: { access_token: string }) =>
      (await row('select revoked_reason as end from user_sessions where id = ?', sidOf(session)))[
        'end'
      ]
    expect(await endOf(person.session)).toBe('logout')
    expect(await endOf(other)).toBeNull()
    const keys = await rows('select revoked_at from api_keys where user_id = ?', person.userId)
    expect(keys).toEqual([{ revoked_at: null }])
  })
})

describe('a change of the email to an address that is taken', () => {
  const ask = (token: string, new_email: string, by = from()) =>
    by.post('/auth/change-email', { token, body: { password: PASSWORD, new_email } })

  test('keeps the next request from its mail as one to a free address does', async () => {
    const taken = await signUpPerson(from())
    for (const first of [taken.email, newEmail()]) {
      const { session } = await signUpPerson(from())
      const probe = newEmail()
      expect((await ask(session.access_token, first)).status).toBe(202)
      expect((await ask(session.access_token, probe)).status).toBe(202)
      expect(mailsTo(probe)).toEqual([])
    }
    expect(mailsTo(taken.email)).toEqual([])
  })

  test('ends the link that was mailed before, and gives none that works', async () => {
    const taken = await signUpPerson(from())
    for (const second of [taken.email, newEmail()]) {
      const person = await signUpPerson(from())
      const { access_token: token } = person.session
      await ask(token, newEmail())
      advanceSeconds(61)
      await ask(token, second)
      const links = await rows(
        `select email, used_at from one_time_tokens where user_id = ? and purpose = 'change_email' order by created_at`,
        person.userId,
      )
      expect(links[0]?.['used_at']).not.toBeNull()
      expect(links[1]?.['used_at'] === null).toBe(second !== taken.email)
    }
  })
})

test('a refresh token that no refresh accepts is not active either', async () => {
  const person = await signUpPerson(from())
  const four = JSON.stringify(['a', 'b', 'c', 'd'].map((network) => ({ network, ip: null, at: 1 })))
  const sid = sidOf(person.session)
  await rows('update user_sessions set other_networks = ? where id = ?', four, sid)
  const { session } = await signUpPerson(from())
  await rows(
    `insert into user_roles select ?, id, null, 0 from roles where name = 'admin'`,
    session.user.id,
  )
  const introspect = (token: string) =>
    from().post('/auth/introspect', {
      token: session.access_token,
      rawBody: new URLSearchParams({ token }).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    })
  expect((await introspect(person.session.refresh_token)).body).toEqual({ active: false })
  await rows('update user_sessions set other_networks = null where id = ?', sid)
  expect((await introspect(person.session.refresh_token)).body).toMatchObject({ active: true })
})
