import { SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { importSigningKeys } from '../../src/crypto/signing-keys'
import { createClient, refusal, type Sent } from './client'
import { advanceSeconds } from './clock'
import { signUpPerson } from './people'
import { setActive } from './records'

const client = createClient()

/** Tokens that every route behind one refuses, whatever else it does. */
export function testRefusals(method: string, path: string, sent: Sent = {}): void {
  const send = (more: Sent) => client.send(method, path, { ...sent, ...more })
  const invalid = async (more: Sent) => {
    const answer = await send(more)
    expect(refusal(answer)).toBe('401 invalid_token')
    expect(answer.headers.get('WWW-Authenticate')).toBe(
      'Bearer realm="gatehouse", error="invalid_token"',
    )
  }

  test('an expired token', async () => {
    const { session } = await signUpPerson(client)
    advanceSeconds(session.expires_in)
    await invalid({ token: session.access_token })
  })

  test('a refresh token', async () => {
    const { session } = await signUpPerson(client)
    await invalid({ token: session.refresh_token })
  })

  test('a token signed by somebody else', async () => {
    const foreign = { AUTH_SECRETS: 'foreign-secret-0123456789-abcdefghijklmnopqrs' }
    const { session } = await signUpPerson(createClient({ vars: foreign }))
    await invalid({ token: session.access_token })
  })

  test('a token of another issuer under the same secret', async () => {
    const elsewhere = createClient({ vars: { AUTH_ISSUER: 'https://elsewhere.example' } })
    const { session } = await signUpPerson(elsewhere)
    await invalid({ token: session.access_token })
  })

  test('a plain JWT under the secret itself', async () => {
    const secret = 'test-only-secret-0123456789-abcdefghijklmnop'
    const { current } = await importSigningKeys([secret])
    const token = await new SignJWT({ sub: 'somebody', role: 'admin' })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: current.kid })
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(secret))
    await invalid({ token })
  })
}

/** What every route refuses that asks D1, at once. */
export function testEndedSessions(method: string, path: string, sent: Sent = {}): void {
  const send = (token: string) => client.send(method, path, { ...sent, token })

  test('a session that has logged out', async () => {
    const { session } = await signUpPerson(client)
    await client.post('/auth/logout', { token: session.access_token })
    expect(refusal(await send(session.access_token))).toBe('401 invalid_token')
  })

  test('a user who was disabled', async () => {
    const { session, userId } = await signUpPerson(client)
    await setActive(userId, false)
    expect(refusal(await send(session.access_token))).toBe('401 invalid_token')
  })
}
