import { afterEach, describe, expect, test, vi } from 'vitest'
import { AUDIT_KEY } from '../platform/audit'
import { createClient, refusal } from '../platform/client'
import { networkOf } from '../platform/following'
import { loggedEvents } from '../platform/logs'
import { mailsTo } from '../platform/mails'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { rows } from '../platform/records'

let networks = 0
const newIp = () => `10.8.${++networks}.7`
const from = (ip = newIp()) => createClient({ ip, vars: { TURNSTILE_SECRET: 'turnstile-secret' } })

type By = ReturnType<typeof from>

const logIn = (by: By, email: string, password = 'wrong', turnstile_token?: string) =>
  by.post('/auth/login', { body: { email, password, turnstile_token } })

/** Cloudflare's side: a token that it has given is good once. */
function turnstile(answer: (token: string) => Response = verdict) {
  const calls: Record<string, string>[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
    expect(url).toBe('https://challenges.cloudflare.com/turnstile/v0/siteverify')
    const form = Object.fromEntries(init?.body instanceof URLSearchParams ? init.body : [])
    calls.push(form as Record<string, string>)
    return answer(String(form['response']))
  })
  return calls
}

const HERE = '127.0.0.1'
const verdict = (token: string) =>
  Response.json(
    token === 'solved'
      ? { success: true, hostname: HERE }
      : { success: false, hostname: HERE, 'error-codes': ['x'] },
  )

const misleading = networkOf({
  'https://challenges.cloudflare.com/turnstile/v0/siteverify': () =>
    new Response(null, { status: 307, headers: { Location: 'https://evil.example/' } }),
  '*': () => Response.json({ success: true }),
}).fetch

afterEach(() => {
  vi.restoreAllMocks()
})

async function failThrice(by: By, email: string): Promise<void> {
  for (let failure = 0; failure < 3; failure++) {
    expect((await logIn(by, email)).status).toBe(401)
  }
}

describe('login', () => {
  test('is asked for a challenge after three failures, at no derivation and no count', async () => {
    const calls = turnstile()
    const ip = newIp()
    const by = from(ip)
    const { email } = await signUpPerson(createClient())
    await failThrice(by, email)
    const refused = await logIn(by, email, PASSWORD)
    expect(refusal(refused)).toBe('403 challenge_required')
    expect(refused.cost).toMatchObject({ d1: 1, derivations: 0 })
    expect(calls).toEqual([])
    expect((await logIn(by, email, PASSWORD, 'solved')).status).toBe(200)
    expect(calls).toEqual([{ secret: 'turnstile-secret', response: 'solved', remoteip: ip }])
    // The right password begins anew.
    expect((await logIn(by, email)).status).toBe(401)
  })

  test('an unknown email the same', async () => {
    turnstile()
    const by = from()
    const email = newEmail()
    await failThrice(by, email)
    expect(refusal(await logIn(by, email))).toBe('403 challenge_required')
    expect(refusal(await logIn(by, email, 'wrong', 'made up'))).toBe('403 challenge_required')
    expect((await logIn(by, email, 'wrong', 'solved')).status).toBe(401)
  })

  test('many failures at one account from everywhere, or at many from one network', async () => {
    turnstile()
    const { email } = await signUpPerson(createClient())
    for (let failure = 0; failure < 10; failure++) await logIn(from(), email)
    expect(refusal(await logIn(from(), email, PASSWORD))).toBe('403 challenge_required')
    const by = from()
    for (let failure = 0; failure < 10; failure++) await logIn(by, newEmail())
    expect(refusal(await logIn(by, newEmail()))).toBe('403 challenge_required')
  })

  test('a challenge does not end the pause', async () => {
    turnstile()
    const by = from()
    const email = newEmail()
    for (let failure = 0; failure < 5; failure++) await logIn(by, email, 'wrong', 'solved')
    expect(refusal(await logIn(by, email, 'wrong', 'solved'))).toBe('429 too_many_attempts')
  })

  test.each([
    ['does not answer', () => Promise.reject(new Error('away'))],
    ['fails', async () => new Response('', { status: 502 })],
    ['answers something else', async () => Response.json({ success: 'yes' })],
    ['points to somebody else, who says yes', misleading],
  ])('where Cloudflare %s, who has failed waits and nobody else', async (_name, answer) => {
    const by = from()
    const { email } = await signUpPerson(createClient())
    await failThrice(by, email)
    vi.spyOn(globalThis, 'fetch').mockImplementation(answer)
    const refused = await logIn(by, email, PASSWORD, 'solved')
    expect(refusal(refused)).toBe('503 challenge_unavailable')
    expect(refused.headers.get('Retry-After')).toBe('5')
    expect(refused.cost.derivations).toBe(0)
    expect(loggedEvents('challenge_check_failed')).toMatchObject([{ level: 'ERROR' }])
    expect((await logIn(from(), email, PASSWORD, 'solved')).status).toBe(200)
    expect(JSON.stringify(loggedEvents('challenge_check_failed'))).not.toContain('solved')
  })
})

describe('a challenge that was solved', () => {
  const PRODUCTION = {
    ENVIRONMENT: 'production',
    RATE_LIMIT: 'on',
    AUTH_ISSUER: 'https://auth.example.org',
    FRONTEND_URL: 'https://app.example.org,https://shop.example.net:8443',
    PASSWORD_ITERATIONS: '100000',
    AUDIT_SIGNING_KEY: JSON.stringify(AUDIT_KEY),
    TURNSTILE_SECRET: 'turnstile-secret',
  }
  /** What comes of a login for which that is shown. */
  async function shown(says: object, vars: Readonly<Record<string, unknown>> = {}) {
    turnstile(() => Response.json({ success: true, ...says }))
    const ip = newIp()
    const email = newEmail()
    await failThrice(from(ip), email)
    const by = createClient({ ip, vars: { TURNSTILE_SECRET: 'turnstile-secret', ...vars } })
    const before = await rows('select key, failures from login_attempts order by key')
    const answer = refusal(await logIn(by, email, 'wrong', 'solved'))
    const after = await rows('select key, failures from login_attempts order by key')
    // What is refused counts nothing.
    if (answer !== '401 invalid_credentials') expect(after).toEqual(before)
    return answer
  }

  test.each([
    ['our own pages', { hostname: 'auth.example.org' }],
    ['a front end', { hostname: 'app.example.org' }],
    ['a second one, by its name and not its port', { hostname: 'shop.example.net' }],
    ['a front end that names the action itself', { hostname: 'app.example.org', action: 'signin' }],
    ['our form', { hostname: 'auth.example.org', action: 'gatehouse_log_in' }],
    ['a widget without an action', { hostname: 'auth.example.org', action: '' }],
  ])('on %s is good', async (_name, says) => {
    expect(await shown(says, PRODUCTION)).toBe('401 invalid_credentials')
  })

  test.each([
    ['another site', { hostname: 'attacker.example' }],
    ['a site above ours', { hostname: 'example.org' }],
    ['a site below ours', { hostname: 'x.app.example.org' }],
    ['a developer’s machine', { hostname: 'localhost' }],
    ['no site, by a key for tests', { hostname: 'example.com' }],
    ['a site that is not said', {}],
    ['our form to sign up', { hostname: 'auth.example.org', action: 'gatehouse_sign_up' }],
    ['a form of ours that there is not', { hostname: 'auth.example.org', action: 'gatehouse_' }],
  ])('on %s is none', async (_name, says) => {
    expect(await shown(says, PRODUCTION)).toBe('403 challenge_required')
    expect(loggedEvents('challenge_of_elsewhere')).toMatchObject([{ level: 'WARNING' }])
  })

  test('with the keys for tests is good in development', async () => {
    expect(await shown({ hostname: 'example.com' })).toBe('401 invalid_credentials')
    expect(await shown({ hostname: 'localhost' })).toBe('401 invalid_credentials')
    expect(await shown({ hostname: 'attacker.example' })).toBe('403 challenge_required')
  })
})

test('who is signed in is not asked: others cannot keep them from changing their password', async () => {
  turnstile()
  const by = from()
  const { email, session } = await signUpPerson(by)
  for (let failure = 0; failure < 10; failure++) await logIn(from(), email)
  const answer = await by.post('/auth/change-password', {
    token: session.access_token,
    body: { current_password: PASSWORD, new_password: 'another horse, another battery' },
  })
  expect(answer.status).toBe(200)
})

describe('signup and forgot', () => {
  test('are asked too, from where logins have failed, and only from there', async () => {
    turnstile()
    const by = from()
    const { email } = await signUpPerson(createClient())
    for (let failure = 0; failure < 10; failure++) await logIn(by, newEmail())
    const signUp = (with_: By, turnstile_token?: string) =>
      with_.post('/auth/signup', {
        body: { email: newEmail(), password: PASSWORD, turnstile_token },
      })
    const forgot = (with_: By, turnstile_token?: string) =>
      with_.post('/auth/forgot-password', { body: { email, turnstile_token } })
    const refused = await signUp(by)
    expect(refusal(refused)).toBe('403 challenge_required')
    expect(refused.cost).toMatchObject({ d1: 1, derivations: 0 })
    await rows('delete from mail_requests')
    const refusedLink = await forgot(by)
    expect(refusal(refusedLink)).toBe('403 challenge_required')
    expect(refusedLink.cost).toMatchObject({ d1: 1, derivations: 0 })
    expect(refusedLink.total).toMatchObject({ d1: 1, rowsWritten: 0 })
    expect(await rows('select * from mail_requests')).toEqual([])
    expect(mailsTo(email)).toEqual([])
    expect((await signUp(by, 'solved')).status).toBe(201)
    const solved = await forgot(by, 'solved')
    expect(solved.status).toBe(202)
    expect(solved.cost.d1).toBe(1)
    expect(mailsTo(email)).toHaveLength(1)
    expect((await signUp(from())).status).toBe(201)
    expect((await forgot(from())).status).toBe(202)
  })

  test('each by its own form: a challenge of another is none', async () => {
    turnstile((token) => Response.json({ success: true, hostname: HERE, action: token }))
    const by = from()
    const { email } = await signUpPerson(createClient())
    for (let failure = 0; failure < 10; failure++) await logIn(by, newEmail())
    const forgot = (turnstile_token: string) =>
      by.post('/auth/forgot-password', { body: { email, turnstile_token } })
    const signUp = (turnstile_token: string) =>
      by.post('/auth/signup', { body: { email: newEmail(), password: PASSWORD, turnstile_token } })
    expect(refusal(await forgot('gatehouse_sign_up'))).toBe('403 challenge_required')
    expect(mailsTo(email)).toEqual([])
    expect((await forgot('gatehouse_forgot_password')).status).toBe(202)
    expect(refusal(await signUp('gatehouse_forgot_password'))).toBe('403 challenge_required')
    expect((await signUp('gatehouse_sign_up')).status).toBe(201)
  })

  test('without a secret there is no challenge, no question and no round trip', async () => {
    const calls = turnstile()
    const by = createClient({ ip: newIp() })
    const email = newEmail()
    for (let failure = 0; failure < 4; failure++) {
      expect((await logIn(by, email, 'wrong', 'solved')).status).toBe(401)
    }
    const body = { email, password: PASSWORD, turnstile_token: 'solved' }
    const answer = await by.post('/auth/signup', { body })
    expect(answer.status).toBe(201)
    expect(answer.cost.d1).toBe(1)
    expect(calls).toEqual([])
  })
})
