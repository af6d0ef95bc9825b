import { describe, expect, test } from 'vitest'
import { createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { listed, logInAgain, refresh, sidOf, signUpPerson } from '../platform/people'
import { eventTypes, marker, rows, sessionRows } from '../platform/records'

const client = createClient()

/** Live sessions that nobody logged in for, all begun at one time. */
function addSessions(userId: string, count: number, issuedAt: number) {
  return rows(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1)
      insert into user_sessions (id, user_id, refresh_token_hash, issued_at, last_used_at, expires_at)
      select 'added-' || ?2 || '-' || i, ?2, 'x', ?3, ?3, ?3 + 1000000000 from n`,
    count,
    userId,
    issuedAt,
  )
}

describe('fifty live sessions are the most', () => {
  test('the new one is not the one to end, whatever the clocks of the others', async () => {
    const person = await signUpPerson(client)
    await addSessions(person.userId, 60, Date.now() + 500)
    const session = await logInAgain(client, person)
    expect((await client.get('/auth/me', { token: session.access_token })).status).toBe(200)
    expect(await listed(session.access_token)).toHaveLength(50)
  })

  test('the oldest ends in the batch of the fifty-first, in D1, KV and the trail', async () => {
    const person = await signUpPerson(client)
    await addSessions(person.userId, 49, Date.now() + 500)
    advanceSeconds(1)
    expect(await listed(person.session.access_token)).toHaveLength(50)
    const answer = await client.post('/auth/login', { body: person })
    expect(answer.cost).toMatchObject({ d1: 2, kvWrites: 0 })
    const live = await rows(
      'select id from user_sessions where user_id = ? and revoked_at is null',
      person.userId,
    )
    expect(live).toHaveLength(50)
    expect((await client.get('/auth/me', { token: person.session.access_token })).status).toBe(401)
    expect(await marker(`revoked:session:${sidOf(person.session)}`)).toBe('1')
    expect(await eventTypes(person.userId)).toEqual([
      'user_signed_up',
      'login_succeeded',
      'session_limit_reached',
    ])
  })
})

describe('activity', () => {
  const lastUse = async (userId: string) => (await sessionRows(userId))[0]?.['last_used_at']

  test('moves the last use at most once a minute, after the answer', async () => {
    const { session, userId } = await signUpPerson(client)
    const start = Date.now()
    const me = () => client.get('/auth/me', { token: session.access_token })
    await me()
    advanceSeconds(59)
    await me()
    expect(await lastUse(userId)).toBe(start)
    advanceSeconds(1)
    expect((await me()).cost.d1).toBe(1)
    expect(await lastUse(userId)).toBe(start + 60_000)
    advanceSeconds(59)
    await me()
    expect(await lastUse(userId)).toBe(start + 60_000)
  })

  test('ten uses at once write once', async () => {
    const { session, userId } = await signUpPerson(client)
    advanceSeconds(100)
    await rows(`create table touches (id text)`)
    await rows(`create trigger count_touches after update of last_used_at on user_sessions
      begin insert into touches values (new.user_id); end`)
    await Promise.all(
      Array.from({ length: 10 }, () => client.get('/auth/me', { token: session.access_token })),
    )
    await rows('drop trigger count_touches')
    expect(await rows('select id from touches where id = ?', userId)).toHaveLength(1)
    await rows('drop table touches')
  })

  test('keeps a session from idling, and never moves its end', async () => {
    const vars = { AUTH_REFRESH_TTL: '600', AUTH_ACCESS_TTL: '600', AUTH_SESSION_TTL: '1500' }
    const short = createClient({ vars })
    const { session, userId } = await signUpPerson(short)
    const [{ expires_at } = {}] = await sessionRows(userId)
    advanceSeconds(500)
    await short.get('/auth/me', { token: session.access_token })
    advanceSeconds(300)
    const next = await refresh(short, session.refresh_token)
    expect(next.status).toBe(200)
    expect((await sessionRows(userId))[0]).toMatchObject({ expires_at })
  })

  test('refresh moves it always', async () => {
    const { session, userId } = await signUpPerson(client)
    advanceSeconds(5)
    await refresh(client, session.refresh_token)
    expect(await lastUse(userId)).toBe(Date.now())
  })

  test('a failure to note it does not fail the request', async () => {
    const { session } = await signUpPerson(client)
    advanceSeconds(100)
    const unlucky = createClient({
      interfere: (call, proceed) => {
        if (call.store === 'd1' && call.index === 1)
          throw new Error('D1_ERROR: D1 DB is overloaded')
        return proceed()
      },
    })
    expect((await unlucky.get('/auth/me', { token: session.access_token })).status).toBe(200)
  })
})
