import { env } from 'cloudflare:workers'
import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { failAll, staleReads } from '../platform/bindings'
import { createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedEvents } from '../platform/logs'
import { signUpPerson } from '../platform/people'
import { testRefusals } from '../platform/refusals'

const client = createClient()

describe('GET /auth/verify refuses', () => {
  testRefusals('GET', '/auth/verify')
})

test('answers the claims of the token', async () => {
  const { session } = await signUpPerson(client)
  const { body } = await client.get('/auth/verify', { token: session.access_token })
  expect(body).toEqual(decodeJwt(session.access_token))
})

test('refuses a session that was ended', async () => {
  const { session } = await signUpPerson(client)
  await client.post('/auth/logout', { token: session.access_token })
  const answer = await client.get('/auth/verify', { token: session.access_token })
  expect(refusal(answer)).toBe('401 invalid_token')
})

describe("the marker of a user's tokens", () => {
  test('refuses lower epochs and spares the session it keeps', async () => {
    const { session, userId } = await signUpPerson(client)
    const { sid } = decodeJwt(session.access_token)
    const cases: [object, number][] = [
      [{ epoch: 1 }, 200],
      [{ epoch: 2, keep: sid }, 200],
      [{ epoch: 2, keep: sid, since: 1 }, 200],
      [{ epoch: 3, keep: sid, since: 2 }, 401],
      [{ epoch: 2, keep: 'another' }, 401],
      [{ epoch: 2 }, 401],
    ]
    for (const [marker, status] of cases) {
      await env.REVOCATIONS.put(`revoked:user:${userId}`, JSON.stringify(marker))
      const fresh = createClient({ interfere: staleReads(0) })
      const answer = await fresh.get('/auth/verify', { token: session.access_token })
      expect(answer.status, JSON.stringify(marker)).toBe(status)
    }
  })
})

describe('when KV cannot be read', () => {
  const blind = createClient({ interfere: failAll('kv') })

  test('D1 is asked, once', async () => {
    const { session } = await signUpPerson(client)
    const answer = await blind.get('/auth/verify', { token: session.access_token })
    expect(answer.status).toBe(200)
    expect(answer.cost).toMatchObject({ kvReads: 1, d1: 1 })
    await client.post('/auth/logout', { token: session.access_token })
    expect(refusal(await blind.get('/auth/verify', { token: session.access_token }))).toBe(
      '401 invalid_token',
    )
    expect(loggedEvents('revocation_markers_unreadable')).toHaveLength(2)
  })

  test('a token issued under a longer lifetime stays revoked for all of it', async () => {
    const long = createClient({ vars: { AUTH_ACCESS_TTL: '3600' } })
    const short = { AUTH_ACCESS_TTL: '60' }
    const { session } = await signUpPerson(long)
    const token = session.access_token
    await createClient({ vars: short }).post('/auth/logout', { token })
    const later = createClient({ vars: short, interfere: failAll('kv') })
    for (const seconds of [0, 200, 3399]) {
      advanceSeconds(seconds)
      expect(refusal(await later.get('/auth/verify', { token }))).toBe('401 invalid_token')
    }
  })

  test('nor D1, the answer is 503', async () => {
    const { session } = await signUpPerson(client)
    const alone = createClient({
      interfere: () => {
        throw new Error('D1_ERROR: D1 DB is overloaded')
      },
    })
    const answer = await alone.get('/auth/verify', { token: session.access_token })
    expect(refusal(answer)).toBe('503 service_unavailable')
  })
})
