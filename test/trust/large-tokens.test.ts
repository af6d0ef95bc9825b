import { env } from 'cloudflare:workers'
import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { newKey } from '../../scripts/signing-key-set'
import { LONGEST_PAYLOAD, signAccessToken, signPageToken } from '../../src/crypto/access-token'
import { importSigningKeys } from '../../src/crypto/signing-keys'
import {
  boundVerifier,
  keySetVerifier,
  localVerifier,
  remoteVerifier,
} from '../../src/verify/token-verifier'
import { grantRoles, insertRole, signUpHolder, signUpWith } from '../platform/administrators'
import { createClient, refusal } from '../platform/client'
import { openBrowser } from '../platform/page-browser'
import { logInAgain, PASSWORD, signUpPerson } from '../platform/people'
import { rows, setActive } from '../platform/records'

// A token says no more than has room in a header and in a cookie, and says so.

const NOW = Date.parse('2026-11-01T12:00:00Z')
const SECRET = 'test-only-secret-0123456789-abcdefghijklmnop'
const MANY = Array.from({ length: 110 }, (_, index) => `application_${index}:approve_x`)
const LONG_ROLES = Array.from({ length: 100 }, (_, index) => `r${index}`.padEnd(50, '-'))
const client = createClient()

const payloadOf = (token: string) => token.split('.')[1] ?? ''

function claimsWith({
  roles = ['user'],
  permissions = [],
}: {
  roles?: string[]
  permissions?: string[]
}) {
  // Each as long as the service takes it.
  const host = `${'a'.repeat(63)}.`.repeat(3)
  return {
    iss: `https://${host}${'a'.repeat(61)}`,
    aud: '𝔸'.repeat(300),
    sub: 'u'.repeat(128),
    sid: crypto.randomUUID(),
    jti: crypto.randomUUID(),
    iat: NOW / 1000,
    exp: NOW / 1000 + 3600,
    auth_time: NOW / 1000,
    type: 'access' as const,
    email: `${'e'.repeat(64)}@${'d'.repeat(63)}.${'d'.repeat(63)}.${'d'.repeat(57)}.org`,
    email_verified: true,
    roles,
    permissions,
    epoch: Number.MAX_SAFE_INTEGER,
  }
}

describe('the ceiling', () => {
  test('is met to the character, and left to those behind it', async () => {
    const keys = await importSigningKeys([SECRET])
    const seen = new Set<string>()
    for (let length = 1; length < 3000; length++) {
      const claims = claimsWith({ permissions: ['p'.repeat(length)] })
      const full = Math.ceil((new TextEncoder().encode(JSON.stringify(claims)).length * 4) / 3)
      if (Math.abs(full - LONGEST_PAYLOAD) > 3) continue
      const token = await signAccessToken(claims, keys)
      const isOmitted = full > LONGEST_PAYLOAD
      seen.add(`${isOmitted}`)
      expect(decodeJwt(token)['permissions_omitted'], `${full}`).toBe(isOmitted || undefined)
      expect('permissions' in decodeJwt(token)).toBe(!isOmitted)
      if (!isOmitted) expect(payloadOf(token)).toHaveLength(full)
    }
    expect([...seen].toSorted()).toEqual(['false', 'true'])
  })

  test('leaves out permissions first, and roles only where they too have no room', async () => {
    const keys = await importSigningKeys([SECRET])
    const told = async (parts: Parameters<typeof claimsWith>[0]) =>
      decodeJwt(await signAccessToken(claimsWith(parts), keys))
    expect(await told({ permissions: MANY })).toMatchObject({
      roles: ['user'],
      permissions_omitted: true,
    })
    const slim = await told({ roles: LONG_ROLES, permissions: MANY })
    expect(slim).toMatchObject({ roles_omitted: true, permissions_omitted: true })
    expect(slim).not.toHaveProperty('roles')
    expect(slim).not.toHaveProperty('permissions')
    expect(await told({ permissions: ['a:b'] })).not.toHaveProperty('permissions_omitted')
  })
})

describe('the largest token that is issued', () => {
  const largest = claimsWith({ permissions: ['p'.repeat(100)] })
  const room =
    LONGEST_PAYLOAD - Math.ceil((new TextEncoder().encode(JSON.stringify(largest)).length * 4) / 3)
  const claims = claimsWith({ permissions: ['p'.repeat(100 + Math.floor((room * 3) / 4))] })
  const { d, ...jwk } = newKey('ES256')
  const asymmetric = { algorithm: 'ES256' as const, jwk, privateJwk: { ...jwk, d } }
  const { iss: issuer, aud: audience } = claims
  const told = { issuer, audience, revocations: null, clock: () => NOW }

  test('has each verifier accept it', async () => {
    const shared = await importSigningKeys([SECRET])
    const own = await importSigningKeys([SECRET], [asymmetric])
    const token = await signAccessToken(claims, shared)
    const published = await signAccessToken(claims, own)
    expect(payloadOf(token).length).toBeGreaterThan(LONGEST_PAYLOAD - 2)
    const keySet = async () => Response.json({ keys: own.accessTokens.published })
    const answers = async () => Response.json(claims)
    expect(await localVerifier({ ...told, secrets: SECRET })(token)).toEqual(claims)
    expect(await keySetVerifier({ ...told, fetch: keySet })(published)).toEqual(claims)
    expect(await remoteVerifier({ baseUrl: issuer, fetch: answers })(token)).toEqual(claims)
    expect(await boundVerifier({ verify: async () => claims })(token)).toEqual(claims)
  })

  test('and what leaves them out', async () => {
    const keys = await importSigningKeys([SECRET])
    const token = await signAccessToken(claimsWith({ roles: LONG_ROLES, permissions: MANY }), keys)
    expect(await localVerifier({ ...told, secrets: SECRET })(token)).toMatchObject({
      roles: [],
      roles_omitted: true,
      permissions: [],
      permissions_omitted: true,
    })
  })

  test('as a page holds it, has room in a cookie', async () => {
    const keys = await importSigningKeys([SECRET], [asymmetric])
    const token = await signPageToken(claimsWith({ roles: LONG_ROLES, permissions: MANY }), keys)
    const cookie = `__Host-access_token=${token}; Max-Age=3600; Path=/; HttpOnly; Secure; SameSite=Strict`
    expect(cookie.length).toBeLessThan(4096)
  })
})

async function ask(path: string, token: string) {
  const headers = { 'X-Now': String(Date.now()), Authorization: `Bearer ${token}` }
  const response = await env.RESOURCE_SERVER.fetch(`https://resources.example${path}`, { headers })
  return {
    status: response.status,
    body: await response.json<Record<string, unknown>>().catch(() => null),
  }
}

describe('a user who holds too many permissions for a token', () => {
  const held = ['users:read', 'roles:read', 'tokens:introspect', ...MANY].toSorted()

  test('is told all of them by the service, in one round trip, and none is guessed', async () => {
    const { token, userId, email } = await signUpWith(...held)
    expect(payloadOf(token).length).toBeLessThan(LONGEST_PAYLOAD)
    expect(decodeJwt(token)).toMatchObject({ permissions_omitted: true })
    const verified = await client.get('/auth/verify', { token })
    expect(verified.body).toMatchObject({ sub: userId, email, permissions: held })
    expect(verified.body).not.toHaveProperty('permissions_omitted')
    expect(verified.cost).toMatchObject({ d1: 1, kvReads: 1, kvWrites: 0 })
    const form = new URLSearchParams({ token }).toString()
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const introspected = await client.post('/auth/introspect', { token, rawBody: form, headers })
    expect(introspected.body).toMatchObject({ active: true, scope: held.join(' ') })
    expect((await client.get('/admin/users', { token })).status).toBe(200)
  })

  test('is let in where the service is asked, and where it is not, refused with the reason', async () => {
    const { token } = await signUpWith(...held)
    for (const way of ['bound', 'remote']) {
      const { body } = await ask(`/${way}/claims`, token)
      expect(body, way).toMatchObject({ permissions: held })
      expect((await ask(`/${way}/for-readers`, token)).status, way).toBe(200)
      expect((await ask(`/${way}/for-writers`, token)).body, way).toMatchObject({
        code: 'permission_denied',
      })
    }
    const publishing = createClient({ vars: { AUTH_SIGNING_KEYS: env.AUTH_SIGNING_KEYS } })
    const person = await signUpPerson(publishing)
    await grantRoles(person.userId, (await insertRole(...held)).name)
    const other = (await logInAgain(publishing, person)).access_token
    for (const [way, mine] of [
      ['local', token],
      ['key-set', other],
    ] as const) {
      expect((await ask(`/${way}/claims`, mine)).body).toMatchObject({ permissions_omitted: true })
      const refused = await ask(`/${way}/for-readers`, mine)
      expect(refused, way).toMatchObject({ status: 403, body: { code: 'permissions_omitted' } })
      expect(String(refused.body?.['detail'])).toContain('remoteVerifier')
      // Roles have room.
      expect((await ask(`/${way}/for-analysts`, mine)).body).toMatchObject({
        code: 'permission_denied',
      })
    }
  })

  test('is told nothing once disabled or gone', async () => {
    const { token, userId } = await signUpWith(...held)
    await setActive(userId, false)
    expect(refusal(await client.get('/auth/verify', { token }))).toBe('401 invalid_token')
    await rows('delete from users where id = ?', userId)
    expect(refusal(await client.get('/auth/verify', { token }))).toBe('401 invalid_token')
    expect((await ask('/bound/claims', token)).status).toBe(401)
  })
})

test('who holds too many roles is told them by the service alone', async () => {
  const person = await signUpPerson(client)
  for (let index = 0; index < 80; index++) {
    const id = crypto.randomUUID()
    const name = `many-${index}-${id}`.slice(0, 50)
    await rows(`insert into roles (id, name, description) values (?, ?, '')`, id, name)
    await grantRoles(person.userId, name)
  }
  await grantRoles(person.userId, 'analyst')
  const { access_token: token } = await logInAgain(client, person)
  expect(decodeJwt(token)).toMatchObject({ roles_omitted: true, permissions_omitted: true })
  expect((await client.get('/auth/verify', { token })).body).toHaveProperty('roles.length', 82)
  expect(await ask('/local/for-analysts', token)).toMatchObject({
    status: 403,
    body: { code: 'roles_omitted' },
  })
  for (const way of ['bound', 'remote']) {
    expect((await ask(`/${way}/for-analysts`, token)).status, way).toBe(200)
  }
})

test('the cookie of the pages carries neither roles nor permissions, and the pages show both', async () => {
  const { email, userId } = await signUpHolder('admin')
  await grantRoles(userId, (await insertRole(...MANY)).name)
  const browser = openBrowser()
  const answer = await browser.submit('/login', { email, password: PASSWORD })
  expect(answer.headers.getSetCookie()).toHaveLength(3)
  for (const cookie of answer.headers.getSetCookie()) expect(cookie.length).toBeLessThan(1500)
  const held = decodeJwt(browser.jar.get('__Host-access_token') ?? '')
  expect(held).toMatchObject({ sub: userId, roles_omitted: true, permissions_omitted: true })
  expect(held).not.toHaveProperty('roles')
  expect(held).not.toHaveProperty('permissions')
  expect((await browser.get('/account')).text).toContain('admin, role-')
  expect((await browser.get('/console/users')).status).toBe(200)
  browser.jar.delete('__Host-access_token')
  expect((await browser.get('/console/users')).status).toBe(200)
  expect(decodeJwt(browser.jar.get('__Host-access_token') ?? '')).not.toHaveProperty('permissions')
})

test('a user with room is told nothing of omissions, as before', async () => {
  const { session } = await signUpPerson(client)
  const { access_token: token } = session
  const claims = decodeJwt(token)
  expect(claims).toMatchObject({ roles: ['user'], permissions: [] })
  expect(Object.keys(claims).filter((name) => name.endsWith('_omitted'))).toEqual([])
  const verified = await client.get('/auth/verify', { token })
  expect(verified.body).toEqual(claims)
  expect(verified.cost).toMatchObject({ d1: 0, kvReads: 1 })
})
