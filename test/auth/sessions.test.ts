import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { type Interference, LOST_CONNECTION, staleReads } from '../platform/bindings'
import { createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { listed, logInAgain, refresh, sidOf, signUpPerson } from '../platform/people'
import { eventTypes, marker, row, rows, sessionRows } from '../platform/records'
import { testEndedSessions, testRefusals } from '../platform/refusals'

const client = createClient()

describe('GET /auth/sessions refuses', () => {
  testRefusals('GET', '/auth/sessions')
  testEndedSessions('GET', '/auth/sessions')
})

describe('DELETE /auth/sessions refuses', () => {
  testRefusals('DELETE', '/auth/sessions')
  testEndedSessions('DELETE', '/auth/sessions')
})

describe('DELETE /auth/sessions/:id refuses', () => {
  testRefusals('DELETE', '/auth/sessions/some')
  testEndedSessions('DELETE', '/auth/sessions/some')
})

describe('the list', () => {
  test('shows the live sessions of its caller, that one first, and nothing secret', async () => {
    const phone = createClient({ ip: '2001:db8:1:2::3', userAgent: 'Phone/2' })
    const person = await signUpPerson(client)
    advanceSeconds(60)
    const second = await logInAgain(phone, person)
    await signUpPerson(client)
    const sessions = await listed(person.session.access_token)
    expect(sessions).toEqual([
      {
        id: sidOf(person.session),
        created_at: '2026-11-01T12:00:00.000Z',
        // In use now.
        last_used_at: '2026-11-01T12:01:00.000Z',
        expires_at: '2026-12-01T12:00:00.000Z',
        ip: '192.0.2.1',
        user_agent: 'test-agent/1',
        other_networks: [],
        current: true,
      },
      {
        id: sidOf(second),
        created_at: '2026-11-01T12:01:00.000Z',
        last_used_at: '2026-11-01T12:01:00.000Z',
        expires_at: '2026-12-01T12:01:00.000Z',
        ip: '2001:db8:1:2::3',
        user_agent: 'Phone/2',
        other_networks: [],
        current: false,
      },
    ])
  })

  test('leaves out what has ended, by logout or by idleness', async () => {
    const person = await signUpPerson(client)
    const other = await logInAgain(client, person)
    await client.post('/auth/logout', { token: other.access_token })
    expect(await listed(person.session.access_token)).toHaveLength(1)
    advanceSeconds(6 * 86_400)
    const late = await logInAgain(client, person)
    expect(await listed(late.access_token)).toHaveLength(2)
    advanceSeconds(2 * 86_400)
    const last = await logInAgain(client, person)
    expect((await listed(last.access_token)).map(({ id }) => id)).toEqual([
      sidOf(last),
      sidOf(late),
    ])
  })

  test('leaves out what is past its end, however lately it was used', async () => {
    const brief = createClient({ vars: { AUTH_SESSION_TTL: '900' } })
    const person = await signUpPerson(brief)
    const lasting = await logInAgain(client, person)
    advanceSeconds(890)
    await refresh(brief, person.session.refresh_token)
    expect(await listed(lasting.access_token)).toHaveLength(2)
    advanceSeconds(9)
    expect(await listed(lasting.access_token)).toHaveLength(2)
    const later = await refresh(client, lasting.refresh_token)
    advanceSeconds(1)
    const { access_token: token } = later.body as { access_token: string }
    expect((await listed(token)).map(({ id }) => id)).toEqual([sidOf(lasting)])
  })

  test('costs one round trip', async () => {
    const { session } = await signUpPerson(client)
    const { cost } = await client.get('/auth/sessions', { token: session.access_token })
    expect(cost).toMatchObject({ d1: 1, kvReads: 0, kvWrites: 0 })
  })
})

describe('ending one', () => {
  test('ends that one, everywhere, and says who did it', async () => {
    const person = await signUpPerson(client)
    const other = await logInAgain(client, person)
    const path = `/auth/sessions/${sidOf(other)}`
    const answer = await client.delete(path, { token: person.session.access_token })
    expect(answer.status).toBe(200)
    expect(answer.cost).toMatchObject({ d1: 1, kvReads: 0, kvWrites: 1 })
    for (const path of ['/auth/me', '/auth/verify']) {
      expect((await client.get(path, { token: other.access_token })).status, path).toBe(401)
      expect((await client.get(path, { token: person.session.access_token })).status).toBe(200)
    }
    expect((await refresh(client, other.refresh_token)).status).toBe(401)
    expect(await marker(`revoked:session:${sidOf(other)}`)).toBe('1')
    expect(
      await row(
        `select actor_id, session_id from audit_events where type = 'session_ended' and subject_id = ?`,
        person.userId,
      ),
    ).toEqual({
      actor_id: person.userId,
      session_id: sidOf(other),
    })
  })

  test("somebody else's, an unknown and an ended one do not exist", async () => {
    const person = await signUpPerson(client)
    const stranger = await signUpPerson(client)
    const ended = await logInAgain(client, person)
    await client.post('/auth/logout', { token: ended.access_token })
    for (const id of [
      sidOf(stranger.session),
      'unknown',
      sidOf(ended),
      `${sidOf(person.session)}%00`,
    ]) {
      const answer = await client.delete(`/auth/sessions/${id}`, {
        token: person.session.access_token,
      })
      expect(refusal(answer), id).toBe('404 session_not_found')
    }
    expect((await sessionRows(stranger.userId))[0]).toMatchObject({ revoked_at: null })
    expect(await eventTypes(stranger.userId)).toEqual(['user_signed_up'])
    const long = `/auth/sessions/${'x'.repeat(65)}`
    expect(refusal(await client.delete(long, { token: person.session.access_token }))).toBe(
      '400 validation_failed',
    )
  })

  test('their own is a logout', async () => {
    const { session, userId } = await signUpPerson(client)
    const token = session.access_token
    expect((await client.delete(`/auth/sessions/${sidOf(session)}`, { token })).status).toBe(200)
    expect((await client.get('/auth/me', { token })).status).toBe(401)
    expect(await eventTypes(userId)).toEqual(['user_signed_up', 'session_ended'])
    expect(await marker(`revoked:session:${sidOf(session)}`)).toBe('1')
  })

  test('a session that has ended ends no other', async () => {
    const person = await signUpPerson(client)
    const other = await logInAgain(client, person)
    await client.post('/auth/logout', { token: person.session.access_token })
    const path = `/auth/sessions/${sidOf(other)}`
    expect(refusal(await client.delete(path, { token: person.session.access_token }))).toBe(
      '401 invalid_token',
    )
    expect((await client.get('/auth/me', { token: other.access_token })).status).toBe(200)
  })
})

describe('ending all others', () => {
  test('spares the one that asks, its older tokens too, with one KV write', async () => {
    const person = await signUpPerson(client)
    const others = [await logInAgain(client, person), await logInAgain(client, person)]
    const before = person.session.access_token
    const answer = await client.delete('/auth/sessions', { token: before })
    expect(answer.status).toBe(200)
    expect(answer.cost).toMatchObject({ d1: 1, kvReads: 0, kvWrites: 1 })
    for (const other of others) {
      expect((await client.get('/auth/me', { token: other.access_token })).status).toBe(401)
      expect((await client.get('/auth/verify', { token: other.access_token })).status).toBe(401)
      expect((await refresh(client, other.refresh_token)).status).toBe(401)
    }
    expect((await client.get('/auth/me', { token: before })).status).toBe(200)
    expect((await client.get('/auth/verify', { token: before })).status).toBe(200)
    expect(await listed(before)).toHaveLength(1)
    expect(JSON.parse((await marker(`revoked:user:${person.userId}`)) ?? '')).toEqual({
      epoch: 2,
      keep: sidOf(person.session),
      since: 1,
    })
  })

  test('a login afterwards is of the new epoch and verifies', async () => {
    const person = await signUpPerson(client)
    await logInAgain(client, person)
    await client.delete('/auth/sessions', { token: person.session.access_token })
    const later = await logInAgain(client, person)
    expect(decodeJwt(later.access_token)['epoch']).toBe(2)
    expect((await client.get('/auth/verify', { token: later.access_token })).status).toBe(200)
  })

  test('without others the tokens that have no session are outdated all the same', async () => {
    const { session, userId } = await signUpPerson(client)
    const answer = await client.delete('/auth/sessions', { token: session.access_token })
    expect(answer.status).toBe(200)
    expect(await row('select auth_epoch from users where id = ?', userId)).toEqual({
      auth_epoch: 2,
    })
    expect((await client.get('/auth/verify', { token: session.access_token })).status).toBe(200)
  })

  test('twice in a row still spares the token that asks', async () => {
    const { session, userId } = await signUpPerson(client)
    const token = session.access_token
    for (const epoch of [2, 3, 4]) {
      expect((await client.delete('/auth/sessions', { token })).status).toBe(200)
      expect(await storedMarker(userId)).toMatchObject({ epoch, since: 1 })
      advanceSeconds(2)
    }
    const fresh = createClient({ interfere: staleReads(0) })
    expect((await fresh.get('/auth/verify', { token })).status).toBe(200)
  })
})

async function storedMarker(userId: string): Promise<unknown> {
  const { value } = await row(
    'select value from revocations where key = ?',
    `revoked:user:${userId}`,
  )
  return JSON.parse(String(value))
}

test('a batch that runs again does not put its words in the place of a later one', async () => {
  const person = await signUpPerson(client)
  await logInAgain(client, person)
  const { userId } = person
  const token = person.session.access_token
  let fresh = ''
  const unheard: Interference = async (call, proceed) => {
    const result = await proceed()
    if (call.store !== 'd1' || call.index > 0) return result
    fresh = sessionOf(await refresh(client, person.session.refresh_token)).access_token
    await rows('update users set auth_epoch = 3 where id = ?', userId)
    await rows(
      `update revocations set value = '{"epoch":3}' where key = ?`,
      `revoked:user:${userId}`,
    )
    throw new Error(LOST_CONNECTION)
  }
  await createClient({ interfere: unheard }).delete('/auth/sessions', { token })
  expect(await storedMarker(userId)).toEqual({ epoch: 3 })
  expect((await client.get('/auth/verify', { token: fresh })).status).toBe(401)
})
