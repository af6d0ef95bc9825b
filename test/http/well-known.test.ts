import { env } from 'cloudflare:workers'
import { decodeProtectedHeader } from 'jose'
import { describe, expect, test } from 'vitest'
import { newKey, rotate } from '../../scripts/signing-key-set'
import { createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { refresh, signUpPerson } from '../platform/people'

const publishing = (keys: string, vars = {}) =>
  createClient({ vars: { AUTH_SIGNING_KEYS: keys, ...vars } })

describe('the key set', () => {
  test('has the public parts, costs nothing, and may be kept for five minutes', async () => {
    const answer = await publishing(env.AUTH_SIGNING_KEYS).get('/.well-known/jwks.json')
    expect(answer.body).toEqual({
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: expect.any(String),
          y: expect.any(String),
          kid: expect.any(String),
          alg: 'ES256',
          use: 'sig',
        },
      ],
    })
    expect(answer.headers.get('Cache-Control')).toBe('public, max-age=300')
    expect(answer.cost).toMatchObject({ d1: 0, kvReads: 0 })
  })

  test('is empty where a secret signs: nothing of it is there', async () => {
    const answer = await createClient().get('/.well-known/jwks.json')
    expect(answer.body).toEqual({ keys: [] })
  })
})

test('the metadata say what is true', async () => {
  const vars = { AUTH_ISSUER: 'https://auth.example.com' }
  const { body } = await createClient({ vars }).get('/.well-known/oauth-authorization-server')
  expect(body).toMatchObject({
    issuer: 'https://auth.example.com',
    jwks_uri: 'https://auth.example.com/.well-known/jwks.json',
    response_types_supported: [],
    grant_types_supported: [],
  })
})

test('a rotation of keys logs nobody out: sessions from before, during and after it', async () => {
  let set = JSON.parse(env.AUTH_SIGNING_KEYS)
  const sessions = [(await signUpPerson(createClient())).session]
  const signers = new Set()
  for (let step = 0; step < 4; step++) {
    const client = publishing(JSON.stringify(set))
    sessions.push((await signUpPerson(client)).session)
    for (const [index, session] of sessions.entries()) {
      const { access_token: token } = session
      expect((await client.get('/auth/me', { token })).status).toBe(200)
      expect((await client.get('/auth/verify', { token })).status).toBe(200)
      const next = sessionOf(await refresh(client, session.refresh_token))
      expect(decodeProtectedHeader(next.refresh_token).alg).toBe('HS256')
      signers.add(decodeProtectedHeader(next.access_token).kid)
      sessions[index] = next
    }
    advanceSeconds(60)
    set = rotate(set, () => newKey('EdDSA')).set
  }
  expect(signers.size).toBe(2)
})

test('a rotation of secrets inside a window: the successor is of the secret that signed the one presented', async () => {
  const old = env.AUTH_SECRETS
  const next = 'another-secret-0123456789-abcdefghijklmnop'
  const published = createClient({ vars: { AUTH_SECRETS: `${old},${next}` } })
  const moved = createClient({ vars: { AUTH_SECRETS: `${next},${old}` } })
  const { session } = await signUpPerson(published)
  const during = sessionOf(await refresh(published, session.refresh_token))
  const retried = sessionOf(await refresh(moved, session.refresh_token))
  // The same token id, whichever of them signs it.
  expect(jtiOf(retried.refresh_token)).toBe(jtiOf(during.refresh_token))
  expect((await moved.get('/auth/me', { token: retried.access_token })).status).toBe(200)
  advanceSeconds(11)
  const after = sessionOf(await refresh(moved, during.refresh_token))
  advanceSeconds(11)
  const alone = createClient({ vars: { AUTH_SECRETS: next } })
  sessionOf(await refresh(alone, after.refresh_token))
})

function jtiOf(token: string): unknown {
  return JSON.parse(atob(token.split('.')[1]?.replace(/-/g, '+').replace(/_/g, '/') ?? '')).jti
}

describe('AUTH_NOT_BEFORE', () => {
  test('what was issued earlier is refused, with no database; what comes after counts', async () => {
    const { session, email, password } = await signUpPerson(createClient())
    advanceSeconds(60)
    const vars = { AUTH_NOT_BEFORE: new Date(Date.now()).toISOString() }
    const client = createClient({ vars })
    const token = session.access_token
    for (const path of ['/auth/me', '/auth/verify', '/auth/sessions']) {
      const answer = await client.get(path, { token })
      expect(refusal(answer)).toBe('401 invalid_token')
      expect(answer.cost).toMatchObject({ d1: 0, kvReads: 0 })
    }
    const refreshed = await refresh(client, session.refresh_token)
    expect(refusal(refreshed)).toBe('401 invalid_refresh_token')
    expect(refreshed.cost.d1).toBe(0)
    const again = sessionOf(await client.post('/auth/login', { body: { email, password } }))
    expect((await client.get('/auth/me', { token: again.access_token })).status).toBe(200)
    sessionOf(await refresh(client, again.refresh_token))
  })

  test('tokens of the replaced system too, also those that do not say when', async () => {
    const answer = await createClient({ vars: { AUTH_NOT_BEFORE: 'yesterday' } }).get('/health')
    expect(refusal(answer)).toBe('500 configuration_invalid')
  })
})
