import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { grantRoles } from '../platform/administrators'
import { createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { logInAgain, refresh, signUpPerson } from '../platform/people'
import { rows } from '../platform/records'

// Another Worker beside ours (resource-server.ts), which verifies in each of three ways.

const client = createClient()

async function ask(path: string, token?: string, headers: Record<string, string> = {}) {
  const response = await env.RESOURCE_SERVER.fetch(`https://resources.example${path}`, {
    headers: {
      'X-Now': String(Date.now()),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...headers,
    },
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text }
}

const codeOf = ({ status, text }: { status: number; text: string }) =>
  `${status} ${z.object({ code: z.string() }).parse(JSON.parse(text)).code}`

const publishing = createClient({ vars: { AUTH_SIGNING_KEYS: env.AUTH_SIGNING_KEYS } })

describe.each([
  ['local', client],
  ['bound', client],
  ['remote', client],
  ['key-set', publishing],
] as const)('%s', (way, client) => {
  test('the claims of a token that counts', async () => {
    const { email, userId, session } = await signUpPerson(client)
    const { status, text } = await ask(`/${way}/claims`, session.access_token)
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({
      sub: userId,
      email,
      email_verified: false,
      roles: ['user'],
      type: 'access',
    })
    await rows('update users set email_verified_at = 1 where id = ?', userId)
    const { body } = await refresh(client, session.refresh_token)
    const { access_token: token } = body as { access_token: string }
    const verified = JSON.parse((await ask(`/${way}/claims`, token)).text)
    expect(verified).toMatchObject({ email, email_verified: true })
  })

  test('refused: none, junk, another kind, expired, tampered with', async () => {
    const { session } = await signUpPerson(client)
    const { access_token: token } = session
    const none = await ask(`/${way}/claims`)
    expect(codeOf(none)).toBe('401 missing_token')
    expect(none.headers.get('WWW-Authenticate')).toBe('Bearer realm="gatehouse"')
    const bad = [
      'junk',
      'a.b.c',
      `${token}x`,
      token.slice(0, -3),
      session.refresh_token,
      'x'.repeat(9000),
    ]
    for (const wrong of bad) {
      const answer = await ask(`/${way}/claims`, wrong)
      expect(codeOf(answer), wrong).toBe('401 invalid_token')
      expect(answer.headers.get('WWW-Authenticate')).toContain('error="invalid_token"')
    }
    advanceSeconds(901)
    expect(codeOf(await ask(`/${way}/claims`, token))).toBe('401 invalid_token')
  })

  test('refused: two tokens, another scheme', async () => {
    const { access_token: token } = (await signUpPerson(client)).session
    for (const Authorization of [`Bearer ${token}, Bearer ${token}`, `Basic ${token}`, token]) {
      const answer = await ask(`/${way}/claims`, undefined, { Authorization })
      expect(codeOf(answer)).toBe('401 missing_token')
    }
  })

  test('a session that was ended, and no other', async () => {
    const person = await signUpPerson(client)
    const other = await logInAgain(client, person)
    await client.post('/auth/logout', { token: person.session.access_token })
    expect((await ask(`/${way}/claims`, person.session.access_token)).status).toBe(401)
    expect((await ask(`/${way}/claims`, other.access_token)).status).toBe(200)
    await client.post('/auth/logout', { token: other.access_token, body: { everywhere: true } })
    expect((await ask(`/${way}/claims`, other.access_token)).status).toBe(401)
  })

  test('roles and permissions, as the token has them', async () => {
    const person = await signUpPerson(client)
    const token = person.session.access_token
    const denied = await ask(`/${way}/for-analysts`, token)
    expect(codeOf(denied)).toBe('403 permission_denied')
    expect(denied.headers.get('WWW-Authenticate')).toContain('error="insufficient_scope"')
    expect((await ask(`/${way}/for-readers`, token)).status).toBe(403)
    await grantRoles(person.userId, 'analyst')
    const fresh = await refresh(client, person.session.refresh_token)
    const { access_token: analyst } = fresh.body as { access_token: string }
    expect((await ask(`/${way}/for-analysts`, analyst)).status).toBe(200)
    expect((await ask(`/${way}/for-readers`, analyst)).status).toBe(200)
    expect((await ask(`/${way}/for-writers`, analyst)).status).toBe(403)
    expect((await ask(`/${way}/for-readers`)).status).toBe(401)
  })

  test('an optional user: null instead of a refusal', async () => {
    const { email, session } = await signUpPerson(client)
    const maybe = async (token?: string) => JSON.parse((await ask(`/${way}/maybe`, token)).text)
    expect(await maybe(session.access_token)).toEqual({ email })
    expect(await maybe()).toEqual({ email: null })
    expect(await maybe('junk')).toEqual({ email: null })
    await client.post('/auth/logout', { token: session.access_token })
    expect(await maybe(session.access_token)).toEqual({ email: null })
  })
})

test('without KV an ended session counts until its token expires, with it not', async () => {
  const { session } = await signUpPerson(client)
  await client.post('/auth/logout', { token: session.access_token })
  expect((await ask('/keyless/claims', session.access_token)).status).toBe(200)
  expect((await ask('/local/claims', session.access_token)).status).toBe(401)
})

describe('where the service publishes keys', () => {
  test('tokens from before go on counting, and both kinds count the same', async () => {
    const before = (await signUpPerson(client)).session.access_token
    const after = (await signUpPerson(publishing)).session.access_token
    for (const token of [before, after]) {
      expect((await publishing.get('/auth/me', { token })).status).toBe(200)
      expect((await ask('/bound/claims', token)).status).toBe(200)
    }
    expect(codeOf(await ask('/key-set/claims', before))).toBe('401 invalid_token')
    expect(codeOf(await ask('/local/claims', after))).toBe('401 invalid_token')
  })

  test('Hono’s own middleware takes them, and no other', async () => {
    const { session, userId } = await signUpPerson(publishing)
    const answer = await ask('/hono/claims', session.access_token)
    expect(JSON.parse(answer.text)).toMatchObject({ sub: userId, type: 'access' })
    const shared = (await signUpPerson(client)).session.access_token
    expect((await ask('/hono/claims', shared)).status).toBe(401)
    expect((await ask('/hono/claims', session.refresh_token)).status).toBe(401)
  })
})

test('another issuer, another audience, another secret', async () => {
  const { access_token: token } = (await signUpPerson(client)).session
  for (const way of ['other-issuer', 'other-audience', 'other-secret']) {
    expect(codeOf(await ask(`/${way}/claims`, token))).toBe('401 invalid_token')
  }
})

test.each([
  'unreachable',
  'failing',
  'misled',
  'unreadable',
  'unbound',
  'key-set-away',
  'key-set-broken',
])('%s: neither let in nor turned away', async (way) => {
  const { access_token: token } = (await signUpPerson(publishing)).session
  const answer = await ask(`/${way}/claims`, token)
  expect(codeOf(answer)).toBe('503 service_unavailable')
  expect(answer.headers.get('Retry-After')).toBe('5')
  expect((await ask(`/${way}/maybe`, token)).status).toBe(503)
  // What is not even the form of a token is asked of nobody.
  expect((await ask(`/${way}/claims`, 'junk')).status).toBe(401)
})
