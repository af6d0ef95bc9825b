import assert from 'node:assert/strict'
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { newKey, newKeySet } from '../../scripts/signing-key-set.ts'
import { startServer } from './server.ts'

// Strangers verify our access tokens, by what is published and nothing else. Hono's own middleware does so in
// test/verify/resource-server.ts.

let server: Awaited<ReturnType<typeof startServer>>
let token: string
before(async () => {
  server = await startServer({ AUTH_SIGNING_KEYS: JSON.stringify(newKeySet(newKey('ES256'))) })
  const response = await fetch(`${server.origin}/auth/signup`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'you@example.com', password: 'correct horse battery staple' }),
  })
  assert.equal(response.status, 201)
  const session = (await response.json()) as { access_token: string }
  token = session.access_token
})
after(() => server.stop())

const ISSUER = 'http://127.0.0.1:8787'
const tampered = () => token.replace(/.{9}$/, 'AAAAAAAAA')

test('jose, by createRemoteJWKSet', async () => {
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', server.origin))
  const options = { issuer: ISSUER, audience: ISSUER, typ: 'at+jwt', algorithms: ['ES256'] }
  const { payload } = await jwtVerify(token, keys, options)
  assert.equal(payload['email'], 'you@example.com')
  await assert.rejects(jwtVerify(tampered(), keys, options))
  await assert.rejects(jwtVerify(token, keys, { ...options, audience: 'https://other.example' }))
})

test('jsonwebtoken, with the key looked up by its id', async () => {
  const response = await fetch(`${server.origin}/.well-known/jwks.json`)
  const { keys } = (await response.json()) as { keys: (JsonWebKey & { kid: string })[] }
  const kid = jsonwebtoken.decode(token, { complete: true })?.header.kid
  const jwk = keys.find((key) => key.kid === kid)
  assert.ok(jwk)
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const options = { algorithms: ['ES256' as const], issuer: ISSUER, audience: ISSUER }
  const payload = jsonwebtoken.verify(token, key, options)
  assert.ok(typeof payload === 'object' && payload['email'] === 'you@example.com')
  assert.throws(() => jsonwebtoken.verify(tampered(), key, options))
  assert.throws(() =>
    jsonwebtoken.verify(token, key, { ...options, issuer: 'https://other.example' }),
  )
})

test('and the service takes it itself', async () => {
  const response = await fetch(`${server.origin}/auth/me`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  assert.equal(response.status, 200)
})
