import { describe, expect, test } from 'vitest'
import { signUpHolder } from '../platform/administrators'
import { newKey, withKey } from '../platform/api-keys'
import { type Answer, createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedText } from '../platform/logs'
import { refresh, sidOf, signUpPerson } from '../platform/people'
import { row, rows, setActive } from '../platform/records'

// A resource server asks about the tokens that its callers bring, by an API key of its own.

const client = createClient()

async function resourceServer(...permissions: string[]) {
  const { token } = await signUpHolder('admin')
  const { key } = await newKey(token, permissions)
  const post = (path: string, form: Record<string, string>) =>
    client.post(path, {
      headers: { ...withKey(key).headers, 'Content-Type': 'application/x-www-form-urlencoded' },
      rawBody: new URLSearchParams(form).toString(),
    })
  return {
    introspect: (token: string) => post('/auth/introspect', { token }),
    revoke: (token: string) => post('/auth/revoke', { token }),
    post,
  }
}

const server = () => resourceServer('tokens:introspect', 'tokens:revoke')

/** RFC 7662 §2.2: nothing else is told. */
function expectInactive(answer: Answer): void {
  expect(answer.status).toBe(200)
  expect(JSON.stringify(answer.body)).toBe('{"active":false}')
}

describe('introspection', () => {
  test('an access token', async () => {
    const { introspect } = await server()
    const { session, userId, email } = await signUpPerson(client)
    const answer = await introspect(session.access_token)
    expect(answer.body).toEqual({
      active: true,
      scope: '',
      username: email,
      email_verified: false,
      token_type: 'access_token',
      sub: userId,
      iss: 'http://127.0.0.1:8787',
      aud: 'http://127.0.0.1:8787',
      jti: expect.any(String),
      iat: Date.now() / 1000,
      exp: Date.now() / 1000 + 900,
    })
    expect(answer.cost.d1).toBe(2)
  })

  test('a refresh token, until it is superseded', async () => {
    const { introspect } = await server()
    const { session } = await signUpPerson(client)
    expect((await introspect(session.refresh_token)).body).toMatchObject({
      active: true,
      token_type: 'refresh_token',
    })
    const { body } = await refresh(client, session.refresh_token)
    expectInactive(await introspect(session.refresh_token))
    const { refresh_token } = body as { refresh_token: string }
    expect((await introspect(refresh_token)).body).toMatchObject({ active: true })
    expect((await refresh(client, refresh_token)).status).toBe(200)
  })

  test('an API key, with what it may', async () => {
    const { introspect } = await server()
    const { token, userId } = await signUpHolder('analyst')
    const { key, id } = await newKey(token, ['users:read', 'roles:read'])
    expect((await introspect(key)).body).toMatchObject({
      active: true,
      token_type: 'api_key',
      scope: 'roles:read users:read',
      sub: userId,
      jti: id,
    })
    await client.delete(`/auth/api-keys/${id}`, { token })
    expectInactive(await introspect(key))
  })

  test('what is unknown, tampered with or of another service', async () => {
    const { introspect } = await server()
    const { session } = await signUpPerson(client)
    const foreign = createClient({ vars: { AUTH_SECRETS: 'x'.repeat(10) + crypto.randomUUID() } })
    const other = (await signUpPerson(foreign)).session
    const wrong = [
      'junk',
      `${session.access_token}x`,
      other.access_token,
      other.refresh_token,
      `ghk_${'0'.repeat(32)}_${'0'.repeat(64)}_00000000`,
    ]
    for (const token of wrong) expectInactive(await introspect(token))
  })

  test('expired; ended; outdated; its user disabled', async () => {
    const { introspect } = await server()
    const person = await signUpPerson(client)
    const token = person.session.access_token
    await setActive(person.userId, false)
    expectInactive(await introspect(token))
    await setActive(person.userId, true)
    expect((await introspect(token)).body).toMatchObject({ active: true })
    const admin = await signUpHolder('admin')
    await client.put(`/admin/users/${person.userId}/roles`, {
      token: admin.token,
      body: { roles: ['user', 'analyst'] },
    })
    expectInactive(await introspect(token))
    const ended = await signUpPerson(client)
    await client.post('/auth/logout', { token: ended.session.access_token })
    expectInactive(await introspect(ended.session.access_token))
    expectInactive(await introspect(ended.session.refresh_token))
    const expired = (await signUpPerson(client)).session.access_token
    advanceSeconds(901)
    expectInactive(await introspect(expired))
  })

  test('only for who may, and nothing of the token is logged', async () => {
    const { session } = await signUpPerson(client)
    const { introspect } = await resourceServer('tokens:revoke')
    expect(refusal(await introspect(session.access_token))).toBe('403 permission_denied')
    expect(refusal(await introspect('junk'))).toBe('403 permission_denied')
    const { introspect: ask } = await server()
    await ask(session.access_token)
    expect(loggedText()).not.toContain(session.access_token.split('.')[2])
  })

  test('a form, with one token', async () => {
    const { post, introspect } = await server()
    expect(refusal(await post('/auth/introspect', {}))).toBe('400 validation_failed')
    expect(refusal(await introspect(''))).toBe('400 validation_failed')
    const json = await client.post('/auth/introspect', { body: { token: 'x' } })
    expect(refusal(json)).toBe('415 unsupported_media_type')
  })
})

describe('revocation', () => {
  test.each(['access_token', 'refresh_token'] as const)(
    'by an %s: its session ends, here and in KV, and it is recorded',
    async (which) => {
      const { revoke, introspect } = await server()
      const { session, userId } = await signUpPerson(client)
      const answer = await revoke(session[which])
      expect(answer.status).toBe(200)
      expect(answer.cost).toMatchObject({ d1: 2, kvWrites: 1 })
      expect(refusal(await client.get('/auth/verify', { token: session.access_token }))).toBe(
        '401 invalid_token',
      )
      expect((await refresh(client, session.refresh_token)).status).toBe(401)
      expectInactive(await introspect(session[which]))
      const event = await row(
        `select subject_personal, session_id from audit_events
          where subject_id = ? and type = 'token_revoked'`,
        userId,
      )
      expect(JSON.parse(String(event['subject_personal'])).detail).toMatchObject({
        session_id: sidOf(session),
        api_key_id: expect.any(String),
      })
    },
  )

  test('an API key', async () => {
    const { revoke } = await server()
    const { session } = await signUpPerson(client)
    const { key } = await newKey(session.access_token)
    expect((await revoke(key)).status).toBe(200)
    expect(refusal(await client.get('/auth/me', withKey(key)))).toBe('401 invalid_api_key')
  })

  test('what does not count is answered the same, and nothing happens', async () => {
    const { revoke } = await server()
    const { session } = await signUpPerson(client)
    const [, first] = [await revoke(session.access_token), await revoke('junk')]
    const again = await revoke(session.access_token)
    const { key } = await newKey((await signUpPerson(client)).session.access_token)
    const lookalike = `${key.slice(0, -80)}${'0'.repeat(71)}${key.slice(-9)}`
    for (const answer of [first, again, await revoke(lookalike)]) {
      expect([answer.status, answer.body]).toEqual([
        200,
        { message: 'The token does not count any more' },
      ])
    }
    expect((await client.get('/auth/me', withKey(key))).status).toBe(200)
    const events = await rows(
      `select id from audit_events where type = 'token_revoked' and
      json_extract(subject_personal, '$.detail.session_id') = ?`,
      sidOf(session),
    )
    expect(events).toHaveLength(1)
  })

  test('only for who may: then nothing happens', async () => {
    const { revoke } = await resourceServer('tokens:introspect')
    const { session } = await signUpPerson(client)
    const { key } = await newKey(session.access_token)
    for (const token of [session.access_token, key, 'junk']) {
      expect(refusal(await revoke(token))).toBe('403 permission_denied')
    }
    expect((await client.get('/auth/me', { token: session.access_token })).status).toBe(200)
    expect((await client.get('/auth/me', withKey(key))).status).toBe(200)
  })
})
