import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { newApiKey, parseApiKey } from '../../src/crypto/api-key'
import { sourceOf } from '../../src/http/client-address'
import wranglerToml from '../../wrangler.toml?raw'
import { newKey, withKey } from '../platform/api-keys'
import { createClient, refusal, type Sent } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedEvents } from '../platform/logs'
import { mailsTo } from '../platform/mails'
import { signUpInBrowser } from '../platform/page-browser'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'

// The gates here have the limits of wrangler.toml and a minute that does not end, as the local ones count by the
// minutes of the machine's own clock; the last test asks one of those.

let addresses = 0
const newAddress = () => `198.51.100.${++addresses}`

const LIMITS = [
  ...wranglerToml.matchAll(/name = "(RATE_LIMIT_\w+)".*?limit = (\d+), period = 60/gs),
]

function gateOf(limit: number) {
  const counts = new Map<string, number>()
  return {
    limit: async ({ key }: { key: string }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return { success: count <= limit }
    },
  }
}

const gates = Object.fromEntries(LIMITS.map(([, name, limit]) => [name, gateOf(Number(limit))]))

const limited = (ip: string, vars = {}) =>
  createClient({ ip, vars: { RATE_LIMIT: 'on', ...gates, ...vars } })

/** What comes of so many of the same request. */
async function flood(count: number, method: string, path: string, sent: Sent, ip = newAddress()) {
  const by = limited(ip)
  const answers = []
  for (let request = 0; request < count; request++) answers.push(await by.send(method, path, sent))
  return answers
}

describe('how many, by what they cost', () => {
  const token = 'x.y.z'
  test.each([
    ['POST', '/auth/login', 30, { email: 'nobody@example.com', password: '' }],
    ['POST', '/auth/signup', 30, {}],
    ['POST', '/auth/change-password', 30, {}],
    ['POST', '/auth/reset-password', 30, {}],
    ['POST', '/auth/verify-email', 30, {}],
    ['POST', '/auth/change-email/confirm', 30, {}],
    ['DELETE', '/auth/me', 30, {}],
    ['POST', '/auth/refresh', 60, {}],
    ['POST', '/auth/forgot-password', 3, {}],
    ['POST', '/auth/verify-email/resend', 3, {}],
    ['POST', '/auth/change-email', 3, {}],
    ['GET', '/auth/me', 300, undefined],
  ])('%s %s: %d', async (method, path, limit, body) => {
    const sent = { token, ...(body && { body }) }
    const answers = await flood(limit + 2, method, path, sent)
    const statuses = answers.map(({ status }) => status)
    expect(statuses.slice(0, limit)).not.toContain(429)
    expect(statuses.slice(limit)).toEqual([429, 429])
    const last = answers.at(-1)
    expect(last && refusal(last)).toBe('429 rate_limited')
    expect(last?.headers.get('Retry-After')).toBe('60')
    expect(last?.cost).toMatchObject({ d1: 0, kvReads: 0, derivations: 0 })
  })
})

test('the names that earlier systems used are counted as ours', async () => {
  const by = limited(newAddress())
  const paths = ['/auth/login', '/api/auth/signin', '/v1/auth/login', '/auth/signin']
  const statuses = []
  for (let request = 0; request < 32; request++) {
    statuses.push((await by.post(paths[request % 4] ?? '', { body: {} })).status)
  }
  expect(statuses.slice(0, 30)).not.toContain(429)
  expect(statuses.slice(30)).toEqual([429, 429])
})

describe('the forms that do the same', () => {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  test.each([
    ['/login', 30],
    ['/signup', 30],
    ['/account/password', 30],
    ['/account/delete', 30],
    ['/reset-password', 30],
    ['/verify-email', 30],
    ['/confirm-email', 30],
    ['/account/email', 3],
    ['/forgot-password', 3],
    ['/verify-email/resend', 3],
  ])('POST %s: %d, then a page that says so', async (path, limit) => {
    const statuses = (await flood(limit + 1, 'POST', path, { rawBody: 'a=b', headers })).map(
      ({ status }) => status,
    )
    expect(statuses.slice(0, limit)).not.toContain(429)
    expect(statuses.at(-1)).toBe(429)
  })

  test('are counted with it', async () => {
    const ip = newAddress()
    await flood(30, 'POST', '/auth/login', { body: {} }, ip)
    const [answer] = await flood(1, 'POST', '/login', { rawBody: 'a=b', headers }, ip)
    expect(answer?.status).toBe(429)
    expect(answer?.body).toContain('Try again in a minute.')
    expect(answer?.headers.get('Retry-After')).toBe('60')
  })
})

test('a page that refreshes: 60, counted with /auth/refresh; one that need not goes on', async () => {
  const ip = newAddress()
  const options = { ip, vars: { RATE_LIMIT: 'on', ...gates } }
  const { browser } = await signUpInBrowser(options)
  await flood(58, 'POST', '/auth/refresh', { body: {} }, ip)
  const seen = []
  for (let visit = 0; visit < 3; visit++) {
    advanceSeconds(900)
    seen.push(await browser.get('/account'))
  }
  expect(seen.map(({ status }) => status)).toEqual([200, 200, 429])
  expect(seen[2]?.text).toContain('Try again in a minute.')
  expect(seen[2]?.headers.getSetCookie()).toEqual([])
  const [answer] = await flood(1, 'POST', '/auth/refresh', { body: {} }, ip)
  expect(answer && refusal(answer)).toBe('429 rate_limited')
  expect((await (await signUpInBrowser(options)).browser.get('/account')).status).toBe(200)
})

test('before the body is read: what is too large or broken counts and is refused the same', async () => {
  const ip = newAddress()
  await flood(30, 'POST', '/auth/login', { rawBody: '{', headers: JSON_TYPE }, ip)
  const rawBody = 'x'.repeat(20_000)
  const [answer] = await flood(1, 'POST', '/auth/login', { rawBody, headers: JSON_TYPE }, ip)
  expect(answer && refusal(answer)).toBe('429 rate_limited')
})

const JSON_TYPE = { 'Content-Type': 'application/json' }

test('an API key, by itself: 600, wherever it is used, and not by who knows only its id', async () => {
  const { session } = await signUpPerson(createClient())
  const { key } = await newKey(session.access_token)
  const lookalike = await newApiKey(String(await parseApiKey(key)))
  const statuses = new Set()
  for (let request = 0; request < 610; request++) {
    const ip = `203.0.113.${request % 3}`
    statuses.add((await limited(ip).get('/auth/me', withKey(lookalike))).status)
  }
  expect([...statuses]).toEqual([401, 429])
  expect((await limited(newAddress()).get('/auth/me', withKey(lookalike))).status).toBe(429)
  expect((await limited(newAddress()).get('/auth/me', withKey(key))).status).toBe(200)
})

describe('for whom', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['junk', 'junk'],
  ])('%s: %s', (ip, key) => {
    expect(sourceOf(new Headers({ 'CF-Connecting-IP': ip }))).toBe(key)
  })

  test('one address does not use up what another has, and no header of the client’s counts', async () => {
    const ip = newAddress()
    await flood(30, 'POST', '/auth/login', { body: {} }, ip)
    const spoofed = { 'X-Forwarded-For': newAddress(), 'X-Real-IP': newAddress() }
    const [same] = await flood(1, 'POST', '/auth/login', { body: {}, headers: spoofed }, ip)
    expect(same?.status).toBe(429)
    const [other] = await flood(1, 'POST', '/auth/login', { body: {} })
    expect(other?.status).toBe(400)
  })
})

test('a mail that is not sent for the limit is not counted against the account', async () => {
  const { email } = await signUpPerson(createClient())
  const ip = newAddress()
  await flood(3, 'POST', '/auth/forgot-password', { body: { email: newEmail() } }, ip)
  await flood(1, 'POST', '/auth/forgot-password', { body: { email } }, ip)
  expect(mailsTo(email)).toEqual([])
  await flood(1, 'POST', '/auth/forgot-password', { body: { email } })
  expect(mailsTo(email)).toHaveLength(1)
})

test('a gate that does not answer lets through, and the log says so', async () => {
  const broken = { limit: () => Promise.reject(new Error('away')) }
  const by = limited(newAddress(), { RATE_LIMIT_CREDENTIALS: broken })
  const body = { email: newEmail(), password: PASSWORD }
  expect((await by.post('/auth/signup', { body })).status).toBe(201)
  expect(loggedEvents('rate_limit_unavailable')).toMatchObject([
    { level: 'WARNING', gate: 'RATE_LIMIT_CREDENTIALS' },
  ])
})

test('a gate that is not bound is a wrong configuration; off needs none', async () => {
  const vars = { RATE_LIMIT_ALL: undefined }
  const answer = await limited(newAddress(), vars).get('/auth/me')
  expect(refusal(answer)).toBe('500 configuration_invalid')
  expect(answer.body).toMatchObject({ errors: [{ path: 'RATE_LIMIT_ALL' }] })
  expect((await createClient({ vars }).get('/auth/me')).status).toBe(401)
})

test('the bound gates refuse as well: more than two minutes may hold do not pass in less', async () => {
  const bound = createClient({ ip: newAddress(), vars: { RATE_LIMIT: 'on' } })
  const statuses = []
  for (let request = 0; request < 61; request++) {
    statuses.push((await bound.post('/auth/login', { body: {} })).status)
  }
  expect(statuses.slice(0, 30)).not.toContain(429)
  expect(statuses).toContain(429)
  expect(LIMITS.map(([, name]) => name)).toEqual(
    Object.keys(env).filter((name) => name.startsWith('RATE_LIMIT_')),
  )
})
