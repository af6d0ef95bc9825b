import { describe, expect, test } from 'vitest'
import { type Answer, createClient, refusal, type Sent, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { newEmail, PASSWORD } from '../platform/people'

const APP = 'https://app.example.com'
const client = createClient({ vars: { FRONTEND_URL: APP } })

const headers = { 'Content-Type': 'application/json', Origin: APP, 'Sec-Fetch-Site': 'same-site' }

function browser(path: string, cookie: string | null, sent: Sent = {}) {
  return client.post(path, {
    body: {},
    ...sent,
    headers: {
      ...headers,
      ...(cookie && { Cookie: `__Host-refresh_token=${cookie}` }),
      ...sent.headers,
    },
  })
}

function cookieOf(answer: Answer): string {
  const [, value = ''] =
    /^__Host-refresh_token=([^;]*)/.exec(answer.headers.get('Set-Cookie') ?? '') ?? []
  return value
}

async function signUpInBrowser(): Promise<{ cookie: string; token: string; email: string }> {
  const email = newEmail()
  const body = { email, password: PASSWORD, transport: 'cookie' }
  const answer = await browser('/auth/signup', null, { body })
  expect(answer.status).toBe(201)
  const { access_token: token } = answer.body as { access_token: string }
  return { cookie: cookieOf(answer), token, email }
}

async function logInInBrowser(email: string): Promise<{ cookie: string; token: string }> {
  const body = { email, password: PASSWORD, transport: 'cookie' }
  const answer = await browser('/auth/login', null, { body })
  const { access_token: token } = answer.body as { access_token: string }
  return { cookie: cookieOf(answer), token }
}

const DELETED = '__Host-refresh_token=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict'

describe('with transport cookie', () => {
  test.each(['signup', 'login', 'refresh'])(
    '%s sets it, and keeps it out of the body',
    async (verb) => {
      const { email, cookie } = await signUpInBrowser()
      const bodies: Record<string, object> = {
        signup: { email: newEmail(), password: PASSWORD },
        login: { email, password: PASSWORD },
        refresh: { refresh_token: cookie },
      }
      const answer = await browser(`/auth/${verb}`, null, {
        body: { ...bodies[verb], transport: 'cookie' },
      })
      expect(answer.body).not.toHaveProperty('refresh_token')
      const [cookieSet = '', ...others] = answer.headers.getSetCookie()
      expect(cookieSet).toMatch(
        /^__Host-refresh_token=[\w-]+\.[\w-]+\.[\w-]+; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      )
      expect(cookieSet.length).toBeLessThan(4096)
      expect(others.map((other) => other.replace(/=.*/, ''))).toEqual(
        verb === 'refresh' ? [] : ['__Host-device'],
      )
      expect(answer.headers.get('Access-Control-Allow-Credentials')).toBe('true')
    },
  )

  test('refresh reads it and answers in it, even where the body is asked for', async () => {
    const { cookie } = await signUpInBrowser()
    for (const body of [{}, { transport: 'body' }]) {
      const answer = await browser('/auth/refresh', cookie, { body })
      expect(answer.status).toBe(200)
      expect(answer.body).not.toHaveProperty('refresh_token')
      expect(cookieOf(answer)).not.toBe('')
    }
  })

  test('logout reads it and takes it back, with the same attributes', async () => {
    const { cookie, token } = await signUpInBrowser()
    const answer = await browser('/auth/logout', cookie)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('Set-Cookie')).toBe(DELETED)
    expect((await client.get('/auth/me', { token })).status).toBe(401)
  })

  test('a refusal leaves it, for another tab may have set it anew', async () => {
    const { cookie, token } = await signUpInBrowser()
    const refused: [string, object][] = [
      ['/auth/refresh', { transport: 'cookies' }],
      ['/auth/refresh', { refresh_token: null }],
      ['/auth/refresh', { refresh_token: 'stale' }],
      ['/auth/logout', { everywhere: 'yes' }],
      ['/auth/logout', { refresh_token: 'stale' }],
    ]
    for (const [path, body] of refused) {
      const answer = await browser(path, cookie, { body })
      expect(answer.status, path).toBeGreaterThanOrEqual(400)
      expect(answer.headers.get('Set-Cookie')).toBeNull()
    }
    expect((await client.get('/auth/me', { token })).status).toBe(200)
    advanceSeconds(8 * 86_400)
    const over = await browser('/auth/refresh', cookie)
    expect(refusal(over)).toBe('401 invalid_refresh_token')
    expect(over.headers.get('Set-Cookie')).toBeNull()
  })

  test('logout ends what the cookie and the access token of a user speak for, both', async () => {
    for (const body of [{}, { everywhere: true }]) {
      const one = await signUpInBrowser()
      const other = await logInInBrowser(one.email)
      const answer = await browser('/auth/logout', other.cookie, { body, token: one.token })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('Set-Cookie')).toBe(DELETED)
      for (const { token } of [one, other]) {
        expect((await client.get('/auth/me', { token })).status).toBe(401)
      }
      expect((await browser('/auth/refresh', other.cookie)).status).toBe(401)
    }
  })

  test('logout leaves the cookie of another user than the access token’s, even an old one’s', async () => {
    for (const body of [{}, { everywhere: true }]) {
      const [one, other] = [await signUpInBrowser(), await signUpInBrowser()]
      for (const again of ['in time', 'late']) {
        const answer = await browser('/auth/logout', other.cookie, { body, token: one.token })
        expect(answer.status, again).toBe(200)
        expect(answer.headers.get('Set-Cookie')).toBeNull()
        advanceSeconds(900)
      }
      expect((await browser('/auth/refresh', one.cookie)).status).toBe(401)
      expect((await browser('/auth/refresh', other.cookie)).status).toBe(200)
    }
  })

  test('logout ends a session of another user by a token in the body, as said', async () => {
    const [one, other] = [await signUpInBrowser(), await signUpInBrowser()]
    const body = { refresh_token: other.cookie }
    expect((await browser('/auth/logout', null, { body, token: one.token })).status).toBe(200)
    expect((await browser('/auth/refresh', one.cookie)).status).toBe(401)
    expect((await browser('/auth/refresh', other.cookie)).status).toBe(401)
  })

  test('everywhere is what the live one of the two says, where the other has ended', async () => {
    const { cookie, email } = await signUpInBrowser()
    const login = { email, password: PASSWORD }
    const stale = sessionOf(await client.post('/auth/login', { body: login })).access_token
    const third = sessionOf(await client.post('/auth/login', { body: login })).access_token
    await client.post('/auth/logout', { token: stale })
    const body = { everywhere: true }
    expect((await browser('/auth/logout', cookie, { body, token: stale })).status).toBe(200)
    expect((await client.get('/auth/me', { token: third })).status).toBe(401)
  })

  test('a token in the body outranks the cookie, and is answered in the body', async () => {
    const first = await signUpInBrowser()
    const second = await signUpInBrowser()
    const answer = await browser('/auth/refresh', first.cookie, {
      body: { refresh_token: second.cookie },
    })
    expect(answer.body).toHaveProperty('refresh_token')
    expect(answer.headers.get('Set-Cookie')).toBeNull()
  })
})

describe('without it', () => {
  test('nothing is set, and a stray cookie changes nothing', async () => {
    const { email, cookie } = await signUpInBrowser()
    const body = { email, password: PASSWORD }
    const answer = await browser('/auth/login', cookie, { body })
    expect(answer.body).toHaveProperty('refresh_token')
    expect(answer.headers.get('Set-Cookie')).toBeNull()
  })

  test('a cookie of another name is none', async () => {
    const { cookie } = await signUpInBrowser()
    for (const name of ['refresh_token', '__Secure-refresh_token', '__host-refresh_token']) {
      const answer = await browser('/auth/refresh', null, {
        headers: { Cookie: `${name}=${cookie}` },
      })
      expect(refusal(answer), name).toBe('401 missing_token')
    }
  })
})

describe('a page that is not ours', () => {
  const forged: [string, Record<string, string>][] = [
    ['another origin', { Origin: 'https://evil.example' }],
    ['an origin that starts like ours', { Origin: `${APP}.evil.example` }],
    ['our host without TLS', { Origin: 'http://app.example.com' }],
    ['the null origin', { Origin: 'null' }],
    ['no origin', { Origin: '' }],
    ['another site, whatever it calls itself', { 'Sec-Fetch-Site': 'cross-site' }],
  ]
  test.each(forged)('%s is refused, and the session goes on', async (_name, forgery) => {
    const { cookie, token, email } = await signUpInBrowser()
    for (const path of ['/auth/refresh', '/auth/logout']) {
      const answer = await browser(path, cookie, { headers: forgery })
      expect(refusal(answer), path).toBe('403 origin_not_allowed')
      expect(answer.headers.get('Set-Cookie')).toBeNull()
    }
    const body = { email, password: PASSWORD, transport: 'cookie' }
    expect(refusal(await browser('/auth/login', null, { body, headers: forgery }))).toBe(
      '403 origin_not_allowed',
    )
    expect((await client.get('/auth/me', { token })).status).toBe(200)
  })

  test('a form, which needs no preflight, is refused', async () => {
    const { cookie } = await signUpInBrowser()
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data']) {
      for (const rawBody of ['', 'a=b']) {
        const answer = await client.post('/auth/refresh', {
          rawBody,
          headers: { ...headers, 'Content-Type': type, Cookie: `__Host-refresh_token=${cookie}` },
        })
        expect(refusal(answer), `${type} ${rawBody}`).toBe('415 unsupported_media_type')
      }
    }
  })

  test('the service itself and its issuer are ours', async () => {
    for (const origin of ['http://127.0.0.1:8787', 'https://auth.example.com']) {
      const service = createClient({ vars: { AUTH_ISSUER: 'https://auth.example.com' } })
      const body = { email: newEmail(), password: PASSWORD, transport: 'cookie' }
      const answer = await service.post('/auth/signup', { body, headers: { Origin: origin } })
      expect(answer.status, origin).toBe(201)
    }
  })
})
