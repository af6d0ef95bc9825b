import { describe, expect, test } from 'vitest'
import { failAll } from '../platform/bindings'
import { createClient, refusal } from '../platform/client'
import { loggedEvents, loggedText } from '../platform/logs'
import { PASSWORD, refresh, signUpPerson } from '../platform/people'

const client = createClient()

test('one line for a request, by route and not by address', async () => {
  await client.get('/api/auth/verify?access_token=secret', { headers: { 'X-Request-Id': 'one' } })
  expect(loggedEvents('request')).toEqual([
    {
      level: 'INFO',
      event: 'request',
      time: '2026-11-01T12:00:00.000Z',
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      client_request_id: 'one',
      method: 'GET',
      route: '/auth/verify',
      status: 401,
      duration_ms: 0,
    },
  ])
})

test('one line for what happened: INFO for success, WARNING for a refusal, ERROR for a fault', async () => {
  const { email, userId } = await signUpPerson(client)
  await client.post('/auth/login', { body: { email, password: 'wrong' } })
  const down = createClient({ interfere: failAll('d1', 'D1_ERROR: D1 DB is overloaded') })
  await down.post('/auth/login', { body: { email, password: PASSWORD } })
  const events = loggedEvents().filter(({ event }) => event !== 'request')
  expect(events).toMatchObject([
    { level: 'INFO', event: 'user_signed_up', user_id: userId },
    {
      level: 'WARNING',
      event: 'refused',
      code: 'invalid_credentials',
      reason: 'wrong_password',
      user_id: userId,
    },
    { level: 'ERROR', event: 'store_unavailable', message: 'D1 is unavailable: overloaded' },
  ])
})

test('below LOG_LEVEL nothing is written', async () => {
  const lines = async (level: string) => {
    const before = loggedEvents().length
    const quiet = createClient({ vars: { LOG_LEVEL: level } })
    await signUpPerson(quiet)
    await quiet.get('/auth/me')
    return loggedEvents()
      .slice(before)
      .map((event) => event['level'])
  }
  expect(await lines('INFO')).toEqual(['INFO', 'INFO', 'WARNING', 'INFO'])
  expect(await lines('WARNING')).toEqual(['WARNING'])
  expect(await lines('ERROR')).toEqual([])
})

describe('what is never in a log or an error', () => {
  test('passwords, tokens, hashes and emails of a whole life', async () => {
    const { email, session } = await signUpPerson(client)
    const next = await refresh(client, session.refresh_token)
    await client.post('/auth/signup', { body: { email, password: PASSWORD } })
    await client.post('/auth/login', { body: { email, password: 'wrong horse' } })
    await client.post('/auth/login', { body: { email, password: PASSWORD } })
    await client.get('/auth/me', { token: `${session.access_token}x` })
    await client.post('/auth/logout', { token: session.access_token })
    const text = loggedText()
    const secrets = [
      email,
      'example.com',
      PASSWORD,
      'wrong horse',
      session.access_token,
      session.refresh_token,
      JSON.stringify(next.body).slice(50, 90),
      'eyJ',
      'pbkdf2',
    ]
    for (const secret of secrets) expect(text).not.toContain(secret)
  })

  test('what D1 says of a failing statement', async () => {
    const email = `leak-${crypto.randomUUID()}@example.com`
    const texts = [
      `D1_ERROR: UNIQUE constraint failed: users.email: SQLITE_CONSTRAINT`,
      `Failed query: insert into "users" values (?)\nparams: ${email}`,
      `D1_ERROR: near "${email}": syntax error: SQLITE_ERROR`,
      `D1_TYPE_ERROR: Type 'object' not supported for value '${email}'`,
      `something unheard of, ${email}`,
    ]
    for (const text of texts) {
      const broken = createClient({ interfere: failAll('d1', text) })
      const answer = await broken.post('/auth/signup', { body: { email, password: PASSWORD } })
      expect(answer.status).toBeGreaterThanOrEqual(500)
      expect(JSON.stringify(answer.body)).not.toMatch(/leak-|insert|users|constraint/i)
    }
    expect(loggedText()).not.toMatch(/leak-|insert into|params/i)
    expect(loggedText()).toContain('UNIQUE constraint failed: users.email')
  })

  test('a fault of ours answers 500 with nothing but its request id', async () => {
    const broken = createClient({ interfere: failAll('d1', 'D1_ERROR: no such table: users') })
    const answer = await broken.post('/auth/login', {
      body: { email: 'a@example.com', password: 'x' },
    })
    expect(refusal(answer)).toBe('500 internal_error')
    expect(loggedEvents('internal_error')).toMatchObject([
      { level: 'ERROR', error: 'DatabaseFault', message: 'no such table: users' },
    ])
  })
})

describe('an address with the token of a mailed link, which Cloudflare stores beside each line', () => {
  const down = createClient({ interfere: failAll('d1', 'D1_ERROR: no such table: users') })
  test.each([
    '/reset-password?token=secret',
    '/verify-email?token=',
    '/confirm-email?token=secret',
    '/undo-email-change?t%6Fken=secret',
    '/signup?x=y&invitation=secret',
  ])('%s: no line at all', async (path) => {
    for (const method of ['GET', 'HEAD']) await down.send(method, path)
    expect(loggedText()).toBe('')
  })

  test.each([
    '/reset-password',
    '/reset-password?invitation=x',
    '/signup?token=x',
    '/login?tokens=1',
    '/login?token=x',
    '/login?next=token',
    '/account?token=x',
    '/console/users?invitation=x',
    '/nowhere?token=x',
    '/reset-password/x?token=x',
    '/auth/me?token=x',
    '/auth/verify?invitation=x',
    '/health/ready?token=x',
    '/admin/users/x?token=x',
  ])('%s: a line', async (path) => {
    await client.get(path)
    expect(loggedEvents('request')).toHaveLength(1)
  })

  test('what is sent by a form is in no address, and has its line', async () => {
    await client.post('/auth/verify-email?token=x', { body: { token: 'x' } })
    expect(loggedEvents('request')).toHaveLength(1)
  })
})

test('what a client sends makes no second line', async () => {
  await client.get('/auth/sessions/a%0A%7B%22event%22:%22forged%22%7D', {
    headers: { 'X-Request-Id': 'a"}{"event":"forged"' },
  })
  expect(loggedText().split('\n')).toHaveLength(1)
  expect(loggedEvents('forged')).toEqual([])
})
