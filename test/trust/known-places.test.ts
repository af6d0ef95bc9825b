import { describe, expect, test } from 'vitest'
import { type Answer, createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo, mailsTo, subjectOf, subjectsTo } from '../platform/mails'
import { newEmail, PASSWORD } from '../platform/people'
import { row, rows } from '../platform/records'

// An attacker signs up with somebody else's address and leaves networks and devices behind. The owner takes the account
// back by mail: from then on, what was there before is a stranger's.

const ATTACKERS = 'the attacker chose this one'
const BROWSER = { 'Content-Type': 'application/json', Origin: 'http://127.0.0.1:8787' }
let networks = 0
const newIp = () => `10.${60 + (++networks >> 8)}.${networks & 255}.7`
const from = (ip = newIp(), userAgent = 'test-agent/1') => createClient({ ip, userAgent })
type By = ReturnType<typeof from>

function logIn(by: By, email: string, password = 'wrong', cookie = '') {
  const headers = { ...BROWSER, ...(cookie && { Cookie: cookie }) }
  return by.post('/auth/login', { body: { email, password, transport: 'cookie' }, headers })
}

function deviceOf(answer: Answer): string {
  expect(answer.status).toBeLessThan(300)
  const set = answer.headers.getSetCookie().find((text) => text.startsWith('__Host-device='))
  return set?.replace(/;.*/, '') ?? ''
}

/** Somebody else signs up as the owner, so that this network and this device have been seen. */
async function seed(email: string, by: By): Promise<string> {
  const body = { email, password: ATTACKERS, transport: 'cookie' }
  return deviceOf(await by.post('/auth/signup', { body, headers: BROWSER }))
}

async function takeBack(email: string, by = from()): Promise<void> {
  await by.post('/auth/forgot-password', { body: { email } })
  const body = { token: lastTokenTo(email), new_password: PASSWORD }
  expect((await by.post('/auth/reset-password', { body })).status).toBe(200)
  advanceSeconds(1)
}

/** What only the email has: a window of more than a day. */
const failuresAtEmail = (count: number) =>
  rows('update login_attempts set failures = ? where window_ends_at > ?', count, Date.now() + 9e7)

describe('a network of before a recovery is a stranger’s', () => {
  test('also where its session had been logged out: a hundred guesses, from all of them together', async () => {
    const email = newEmail()
    const seeded = [newIp(), newIp(), newIp(), newIp()]
    await seed(email, from(seeded[0]))
    for (const ip of seeded) {
      const body = { email, password: ATTACKERS }
      const session = sessionOf(await from(ip).post('/auth/login', { body }))
      await from(ip).post('/auth/logout', { token: session.access_token })
    }
    await takeBack(email)
    let looked = 0
    for (const ip of seeded) {
      for (let guess = 0; guess < 30; guess++) {
        const by = from(ip.replace(/7$/, String(10 + Math.floor(guess / 5))))
        if ((await logIn(by, email)).status === 401) looked++
      }
    }
    expect(looked).toBe(100)
    expect(refusal(await logIn(from(seeded[3]), email, PASSWORD))).toBe('429 too_many_attempts')
  })

  test('one of after it is the user’s, also once logged out', async () => {
    const email = newEmail()
    await seed(email, from())
    await takeBack(email)
    const home = newIp()
    const session = sessionOf(
      await from(home).post('/auth/login', { body: { email, password: PASSWORD } }),
    )
    await from(home).post('/auth/logout', { token: session.access_token })
    await logIn(from(), email)
    await failuresAtEmail(100)
    expect((await logIn(from(), email, PASSWORD)).status).toBe(429)
    expect((await logIn(from(home), email, PASSWORD)).status).toBe(200)
  })

  test('one whose session outlived it is: a recovery ends the sessions of everybody else', async () => {
    const email = newEmail()
    const home = newIp()
    await seed(email, from(home))
    await rows('update users set recovered_at = ? where email = ?', Date.now(), email)
    await logIn(from(), email)
    await failuresAtEmail(100)
    expect((await logIn(from(), email, ATTACKERS)).status).toBe(429)
    expect((await logIn(from(home), email, ATTACKERS)).status).toBe(200)
  })

  test('a login from there is told as one from a new place', async () => {
    const email = newEmail()
    const seeded = newIp()
    await seed(email, from(seeded, 'attacker/1'))
    await takeBack(email)
    await logIn(from(), email, PASSWORD)
    const before = mailsTo(email).length
    await logIn(from(seeded, 'attacker/1'), email, PASSWORD)
    expect(subjectsTo(email).slice(before)).toEqual([subjectOf('new_device')])
  })
})

describe('a device of before a recovery is a stranger’s', () => {
  test('what it fails counts for its network, and locks out no device of the owner', async () => {
    const email = newEmail()
    const cookies = [await seed(email, from())]
    for (let device = 0; device < 20; device++) {
      cookies.push(deviceOf(await logIn(from(), email, ATTACKERS)))
    }
    await takeBack(email)
    const owner = from()
    const own = deviceOf(await logIn(owner, email, PASSWORD))
    advanceSeconds(90 * 86_400)
    const statuses = []
    for (const cookie of cookies) {
      for (let guess = 0; guess < 5; guess++) {
        statuses.push((await logIn(from(), email, 'wrong', cookie)).status)
      }
    }
    // What strangers have together, and no hundred more.
    expect(statuses).toEqual([...Array(100).fill(401), ...Array(5).fill(429)])
    expect((await logIn(owner, email, PASSWORD, own)).status).toBe(200)
  })

  test('one of the same second counts as before', async () => {
    const email = newEmail()
    const by = from()
    const cookie = await seed(email, by)
    for (let failure = 0; failure < 5; failure++) await logIn(by, email)
    const second = Math.floor(Date.now() / 1000) * 1000
    const recover = (at: number) =>
      rows('update users set recovered_at = ? where email = ?', at, email)
    await recover(second)
    expect((await logIn(by, email, ATTACKERS, cookie)).status).toBe(429)
    await recover(second - 1)
    expect((await logIn(by, email, ATTACKERS, cookie)).status).toBe(200)
  })

  test('what the devices of before had failed is forgotten by the reset', async () => {
    const email = newEmail()
    const cookies = [await seed(email, from())]
    for (let device = 0; device < 20; device++) {
      cookies.push(deviceOf(await logIn(from(), email, ATTACKERS)))
    }
    for (const cookie of cookies) {
      for (let guess = 0; guess < 5; guess++) await logIn(from(), email, 'wrong', cookie)
    }
    await takeBack(email)
    const own = deviceOf(await logIn(from(), email, PASSWORD))
    expect((await logIn(from(), email, PASSWORD, own)).status).toBe(200)
  })

  test('of an account that is gone it is none', async () => {
    const email = newEmail()
    const by = from()
    const cookie = await seed(email, by)
    await rows('delete from users where email = ?', email)
    for (let failure = 0; failure < 5; failure++) await logIn(by, email)
    expect((await logIn(by, email, 'wrong', cookie)).status).toBe(429)
  })

  test('a right password takes back what was counted for the device, and nothing else', async () => {
    const email = newEmail()
    const by = from()
    const cookie = await seed(email, by)
    await rows('delete from login_attempts')
    for (let failure = 0; failure < 4; failure++) await logIn(by, email)
    expect((await logIn(by, email, ATTACKERS, cookie)).status).toBe(200)
    const counted = await rows('select failures from login_attempts order by failures')
    // Of the device: the pair, all devices. Of the email none. Of here: the pair, the area, the network.
    expect(counted.map(({ failures }) => failures)).toEqual([0, 0, 0, 4, 4, 4])
  })

  test('with a right password, what was counted for the network instead is taken back', async () => {
    const email = newEmail()
    const by = from()
    const cookie = await seed(email, by)
    await rows('update users set recovered_at = ? where email = ?', Date.now(), email)
    await rows('delete from login_attempts')
    for (let failure = 0; failure < 4; failure++) await logIn(by, email)
    expect((await logIn(by, email, ATTACKERS, cookie)).status).toBe(200)
    const counted = await rows('select failures from login_attempts order by failures')
    // Of here the pair and of the email none; the area and the network.
    expect(counted.map(({ failures }) => failures)).toEqual([0, 0, 4, 4])
  })
})

test('a reset forgets what failed at its own email, not what failed at others from that network', async () => {
  const ip = newIp()
  const email = newEmail()
  await seed(email, from())
  await rows('delete from login_attempts')
  for (let failure = 0; failure < 3; failure++) await logIn(from(ip), newEmail())
  await logIn(from(ip), email)
  // Only the network has failed four times. The rest by hand: each would cost what a login costs.
  await rows('update login_attempts set failures = 299 where failures = 4')
  await takeBack(email, from(ip))
  expect(await row('select max(failures) as most from login_attempts')).toEqual({ most: 299 })
  expect((await logIn(from(ip), newEmail())).status).toBe(401)
  expect(refusal(await logIn(from(ip), newEmail()))).toBe('429 too_many_attempts')
})
