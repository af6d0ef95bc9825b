import { describe, expect, test } from 'vitest'
import { type Answer, createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo } from '../platform/mails'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { rows } from '../platform/records'

let networks = 0
const newAddress = () => `10.${++networks >> 8}.${networks & 255}.7`
const from = (ip = newAddress(), vars = {}) => createClient({ ip, vars })

type By = ReturnType<typeof from>

const BROWSER = { 'Content-Type': 'application/json', Origin: 'http://127.0.0.1:8787' }

function logIn(by: By, email: string, password = 'wrong', cookie = '') {
  const headers = { ...BROWSER, ...(cookie && { Cookie: cookie }) }
  return by.post('/auth/login', { body: { email, password }, headers })
}

/** The cookie that a browser has from a login of its own. */
async function deviceOf(email: string, by: By = from()): Promise<string> {
  const body = { email, password: PASSWORD, transport: 'cookie' }
  const answer = await by.post('/auth/login', { body, headers: BROWSER })
  expect(answer.status).toBe(200)
  return deviceCookie(answer)
}

function deviceCookie(answer: Answer): string {
  const set = answer.headers.getSetCookie().find((text) => text.startsWith('__Host-device='))
  return set?.replace(/;.*/, '') ?? ''
}

/** A hundred failures, each from a network of its own. */
async function failFromEverywhere(email: string): Promise<Answer> {
  let last = await logIn(from(), email)
  for (let failure = 1; failure < 100; failure++) last = await logIn(from(), email)
  return last
}

/** The hundred once more, by hand: it alone is kept for longer than a day. */
const pauseAgain = () =>
  rows('update login_attempts set failures = 100 where window_ends_at > ?', Date.now() + 86_400_000)

describe('one account from everywhere', () => {
  test('a hundred failures: a stranger has to wait, the user does not, and ends the wait', async () => {
    const home = newAddress()
    const { email, userId } = await signUpPerson(from(home))
    const cookie = await deviceOf(email)
    const hundredth = await failFromEverywhere(email)
    expect(hundredth.status).toBe(401)

    const stranger = await logIn(from(), email, PASSWORD)
    expect(refusal(stranger)).toBe('429 too_many_attempts')
    expect(stranger.headers.get('Retry-After')).toBe('3600')
    expect(stranger.cost).toMatchObject({ d1: 1, derivations: 0 })
    const unknown = await logIn(from(), newEmail(), PASSWORD)
    expect(unknown.status).toBe(401)
    const blocking = await rows(
      `select json_extract(subject_personal, '$.detail.blocked') as blocked from audit_events
        where subject_id = ? and json_extract(subject_personal, '$.detail.blocked') is not null`,
      userId,
    )
    expect(blocking).toEqual([{ blocked: 'email' }])
    expect((await from().post('/auth/forgot-password', { body: { email } })).status).toBe(202)

    // Not by waiting, but from where the account has been used, within the /24; and from anywhere with the device's cookie.
    advanceSeconds(86_400)
    expect((await logIn(from(), email, PASSWORD, cookie.replace(/.$/, '_'))).status).toBe(429)
    const entries = [
      [from(home), ''],
      [from(home.replace(/7$/, '9')), ''],
      [from(), cookie],
    ] as const
    for (const [by, withCookie] of entries) {
      await pauseAgain()
      expect((await logIn(from(), email, PASSWORD)).status).toBe(429)
      expect((await logIn(by, email, PASSWORD, withCookie)).status).toBe(200)
      expect((await logIn(from(), email, PASSWORD)).status).toBe(200)
    }
  })

  test('an unknown email is blocked the same', async () => {
    const email = newEmail()
    await failFromEverywhere(email)
    const refused = await logIn(from(), email)
    expect(refusal(refused)).toBe('429 too_many_attempts')
    expect(refused.headers.get('Retry-After')).toBe('3600')
  })

  test('a network of more than 30 days ago is a stranger’s', async () => {
    const { email, userId } = await signUpPerson(from())
    const home = newAddress()
    await logIn(from(home), email, PASSWORD)
    await rows('update user_sessions set last_used_at = ? where user_id = ?', 0, userId)
    await failFromEverywhere(email)
    expect((await logIn(from(home), email, PASSWORD)).status).toBe(429)
  })

  test('who once was in the same wider network has a hundred an hour too, not a hundred from each part', async () => {
    const { email } = await signUpPerson(from('2001:db8:77:1::1'))
    const statuses = []
    for (let part = 2; part < 110; part++) {
      statuses.push((await logIn(from(`2001:db8:77:${part.toString(16)}::1`), email)).status)
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(100)
    expect(statuses.slice(100)).toEqual(Array(8).fill(429))
  })

  test('a network that a reset has thrown out is a stranger’s', async () => {
    const thief = newAddress()
    const { email } = await signUpPerson(from(thief))
    const by = from()
    await by.post('/auth/forgot-password', { body: { email } })
    const body = { token: lastTokenTo(email), new_password: 'another horse, another battery' }
    await by.post('/auth/reset-password', { body })
    await failFromEverywhere(email)
    expect((await logIn(from(thief), email)).status).toBe(429)
  })

  test('cookies that somebody has hoarded are good for a hundred guesses an hour together', async () => {
    const { email } = await signUpPerson(from())
    const cookies = []
    for (let device = 0; device < 22; device++) cookies.push(await deviceOf(email))
    const statuses = []
    for (const cookie of cookies) {
      for (let guess = 0; guess < 5; guess++) {
        statuses.push((await logIn(from(), email, 'wrong', cookie)).status)
      }
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(100)
  })

  test('a reset ends the wait', async () => {
    const { email } = await signUpPerson(from())
    await failFromEverywhere(email)
    const by = from()
    await by.post('/auth/forgot-password', { body: { email } })
    const next = 'another horse, another battery'
    const body = { token: lastTokenTo(email), new_password: next }
    expect((await by.post('/auth/reset-password', { body })).status).toBe(200)
    expect((await logIn(from(), email, next)).status).toBe(200)
  })
})

describe('many accounts from one network', () => {
  test('three hundred failures in an hour: it has to wait, but for a device that is known', async () => {
    const ip = newAddress()
    const by = from(ip)
    const { email } = await signUpPerson(by)
    const cookie = await deviceOf(email, by)
    await rows('delete from login_attempts')
    await logIn(by, newEmail())
    await logIn(by, newEmail())
    // Only the network has failed twice. The rest by hand: each would cost what a login costs.
    const counted = await rows(
      'update login_attempts set failures = 299 where failures = 2 returning key',
    )
    expect(counted).toHaveLength(1)
    const last = await logIn(by, newEmail())
    expect(last.status).toBe(401)
    const refused = await logIn(by, email, PASSWORD)
    expect(refusal(refused)).toBe('429 too_many_attempts')
    expect(refused.headers.get('Retry-After')).toBe('3600')
    expect((await logIn(by, email, PASSWORD, cookie)).status).toBe(200)
    expect((await logIn(from(), email, PASSWORD)).status).toBe(200)
    const blocking = await rows(
      `select subject_id from audit_events where json_extract(subject_personal, '$.detail.blocked') = 'network'`,
    )
    expect(blocking).toEqual([{ subject_id: null }])
  })

  test('right passwords count for nothing', async () => {
    await rows('delete from login_attempts')
    const by = from()
    const { email } = await signUpPerson(by)
    for (let login = 0; login < 12; login++) {
      expect((await logIn(by, email, PASSWORD)).status).toBe(200)
    }
    expect(await rows('select key from login_attempts where failures > 0')).toEqual([])
  })
})
