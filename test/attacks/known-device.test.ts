import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { type Answer, createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'

// The device's cookie shows, here, by what it changes: who has it does not share a count with their network.

let networks = 0
const from = (vars = {}) => createClient({ ip: `10.9.${++networks}.7`, vars })

type By = ReturnType<typeof from>

const BROWSER = { 'Content-Type': 'application/json', Origin: 'http://127.0.0.1:8787' }

function logIn(by: By, email: string, password = PASSWORD, cookie = '', transport = 'cookie') {
  const headers = { ...BROWSER, ...(cookie && { Cookie: cookie }) }
  return by.post('/auth/login', { body: { email, password, transport }, headers })
}

const setDevice = (answer: Answer) =>
  answer.headers.getSetCookie().find((text) => text.startsWith('__Host-device='))

async function newDevice(by: By) {
  const { email } = await signUpPerson(by)
  const set = setDevice(await logIn(by, email)) ?? ''
  return { email, set, cookie: set.replace(/;.*/, '') }
}

async function exhaust(by: By, email: string, cookie = ''): Promise<void> {
  for (let failure = 0; failure < 5; failure++) await logIn(by, email, 'wrong', cookie)
}

test('is given at login and signup to who takes cookies, and out of reach of scripts', async () => {
  const by = from()
  const { set, email } = await newDevice(by)
  expect(set).toMatch(
    /^__Host-device=[\w-]{22}\.\d{10}\.[\w-]{43}; Max-Age=15552000; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  )
  expect(set).not.toContain(btoa(email).slice(0, 20))
  const body = { email: newEmail(), password: PASSWORD, transport: 'cookie' }
  expect(setDevice(await by.post('/auth/signup', { body, headers: BROWSER }))).toBeDefined()
  expect((await logIn(by, email, PASSWORD, '', 'body')).headers.getSetCookie()).toEqual([])
  expect(setDevice(await logIn(by, email, 'wrong'))).toBeUndefined()
})

test('who has it is not slowed by who guesses from the same network', async () => {
  const by = from()
  const { email, cookie } = await newDevice(by)
  await exhaust(by, email)
  expect((await logIn(by, email)).status).toBe(429)
  expect((await logIn(by, email, PASSWORD, cookie)).status).toBe(200)
})

test('it is no way around: its own failures slow it, from wherever', async () => {
  const { email, cookie } = await newDevice(from())
  await exhaust(from(), email, cookie)
  expect((await logIn(from(), email, PASSWORD, cookie)).status).toBe(429)
  expect((await logIn(from(), email)).status).toBe(200)
})

test('it lets nobody in by itself', async () => {
  const { email, cookie } = await newDevice(from())
  expect((await logIn(from(), email, 'wrong', cookie)).status).toBe(401)
  const answer = await from().get('/auth/me', { headers: { Cookie: cookie } })
  expect(answer.status).toBe(401)
})

describe('is none', () => {
  async function countsForNothing(by: By, email: string, cookie: string): Promise<void> {
    await exhaust(by, email)
    expect((await logIn(by, email, PASSWORD, cookie)).status).toBe(429)
  }

  test('of another email', async () => {
    const by = from()
    const { cookie } = await newDevice(by)
    const { email } = await signUpPerson(by)
    await countsForNothing(by, email, cookie)
  })

  test('that expires later than it was signed to, or has expired', async () => {
    const by = from()
    const { email, cookie } = await newDevice(by)
    await countsForNothing(by, email, cookie.replace(/\.(\d{9})\d\./, '.$19.'))
    advanceSeconds(180 * 86_400)
    await countsForNothing(by, email, cookie)
  })

  test.each(['', 'x', 'a.1.b', `${'a'.repeat(22)}.9999999999.${'a'.repeat(43)}`])(
    '%j',
    async (value) => {
      const by = from()
      const { email } = await signUpPerson(by)
      await countsForNothing(by, email, `__Host-device=${value}`)
    },
  )

  test('signed by a secret that is no more; one that verifies still will do', async () => {
    const by = from()
    const { email, cookie } = await newDevice(by)
    const next = 'another-secret-0123456789-abcdefghijklmnop'
    const withBoth = createClient({
      ip: `10.9.${networks}.7`,
      vars: { AUTH_SECRETS: `${next},${env.AUTH_SECRETS}` },
    })
    const without = createClient({ ip: `10.9.${networks}.7`, vars: { AUTH_SECRETS: next } })
    await exhaust(withBoth, email)
    expect((await logIn(withBoth, email)).status).toBe(429)
    expect((await logIn(withBoth, email, PASSWORD, cookie)).status).toBe(200)
    expect((await logIn(without, email, PASSWORD, cookie)).status).toBe(429)
  })
})
