import { describe, expect, test } from 'vitest'
import { fail, failAll } from '../platform/bindings'
import { createClient, refusal, runScheduledJob, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedEvents } from '../platform/logs'
import { refresh, signUpPerson } from '../platform/people'
import { eventTypes, marker, row, rows, sessionRows } from '../platform/records'

const client = createClient()

async function endedKey(userId: string): Promise<string> {
  const [session] = await sessionRows(userId)
  expect(session).toMatchObject({ revoked_reason: 'logout' })
  return `revoked:session:${session?.['id']}`
}

describe('any authentic token of the session ends it', () => {
  test('the access token', async () => {
    const { session, userId } = await signUpPerson(client)
    const answer = await client.post('/auth/logout', { token: session.access_token })
    expect(answer.body).toEqual({ message: 'Logged out' })
    expect(await marker(await endedKey(userId))).toBe('1')
    expect(await eventTypes(userId)).toEqual(['user_signed_up', 'logged_out'])
  })

  test('the refresh token', async () => {
    const { session, userId } = await signUpPerson(client)
    const body = { refresh_token: session.refresh_token }
    expect((await client.post('/auth/logout', { body })).status).toBe(200)
    expect(await marker(await endedKey(userId))).toBe('1')
  })

  test('an expired access token', async () => {
    const { session, userId } = await signUpPerson(client)
    advanceSeconds(100_000)
    const answer = await client.post('/auth/logout', { token: session.access_token })
    expect(answer.status).toBe(200)
    await endedKey(userId)
  })

  test('a superseded refresh token, which is no reuse here', async () => {
    const { session, userId } = await signUpPerson(client)
    await refresh(client, session.refresh_token)
    advanceSeconds(60)
    const body = { refresh_token: session.refresh_token }
    expect((await client.post('/auth/logout', { body })).status).toBe(200)
    await endedKey(userId)
  })

  test('the refresh token beside an access token that is no good', async () => {
    const { session, userId } = await signUpPerson(client)
    const body = { refresh_token: session.refresh_token }
    expect((await client.post('/auth/logout', { token: 'stale', body })).status).toBe(200)
    await endedKey(userId)
  })
})

describe('it ends', () => {
  test('that session and no other', async () => {
    const { session, email, password } = await signUpPerson(client)
    const other = sessionOf(await client.post('/auth/login', { body: { email, password } }))
    await client.post('/auth/logout', { token: session.access_token })
    expect((await client.get('/auth/me', { token: other.access_token })).status).toBe(200)
    expect((await client.get('/auth/verify', { token: other.access_token })).status).toBe(200)
  })

  test('once: a second time succeeds, writes nothing and publishes nothing', async () => {
    const { session, userId } = await signUpPerson(client)
    await client.post('/auth/logout', { token: session.access_token })
    const before = await sessionRows(userId)
    advanceSeconds(5)
    const again = await client.post('/auth/logout', { token: session.access_token })
    expect(again.status).toBe(200)
    expect(again.cost.kvWrites).toBe(0)
    expect(await sessionRows(userId)).toEqual(before)
    expect(await eventTypes(userId)).toEqual(['user_signed_up', 'logged_out'])
  })

  test('ten times at once: one event', async () => {
    const { session, userId } = await signUpPerson(client)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        client.post('/auth/logout', { token: session.access_token }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(await eventTypes(userId)).toEqual(['user_signed_up', 'logged_out'])
  })
})

describe('refused', () => {
  test('nothing, garbage, and what is signed by somebody else', async () => {
    expect(refusal(await client.post('/auth/logout'))).toBe('401 missing_token')
    expect(refusal(await client.post('/auth/logout', { body: {} }))).toBe('401 missing_token')
    expect(refusal(await client.post('/auth/logout', { token: 'garbage' }))).toBe(
      '401 invalid_token',
    )
    const body = { refresh_token: 'garbage' }
    expect(refusal(await client.post('/auth/logout', { body }))).toBe('401 invalid_token')
  })
})

describe('when a store fails', () => {
  test('KV: the answer is 200, D1 refuses at once, and the put is tried again', async () => {
    const { session, userId } = await signUpPerson(client)
    const unlucky = createClient({ interfere: fail('kv', 0) })
    const answer = await unlucky.post('/auth/logout', { token: session.access_token })
    expect(answer.status).toBe(200)
    expect(refusal(await client.get('/auth/me', { token: session.access_token }))).toBe(
      '401 invalid_token',
    )
    expect(await marker(await endedKey(userId))).toBe('1')
    expect(loggedEvents('revocation_not_published')).toHaveLength(1)
  })

  test('KV for good: the job publishes what is left', async () => {
    const { session, userId } = await signUpPerson(client)
    const down = createClient({ interfere: failAll('kv') })
    await down.post('/auth/logout', { token: session.access_token })
    const key = await endedKey(userId)
    expect(await marker(key)).toBeNull()
    expect(await row('select published_at from revocations where key = ?', key)).toEqual({
      published_at: null,
    })
    await runScheduledJob()
    expect(await marker(key)).toBe('1')
    expect(await row('select published_at from revocations where key = ?', key)).toEqual({
      published_at: Date.now(),
    })
    expect(loggedEvents('revocations_published')).toMatchObject([{ pending: 1 }])
    await runScheduledJob()
    expect(loggedEvents('revocations_published')).toHaveLength(1)
  })

  test('KV that is slow holds nobody up for long', async () => {
    const { session, userId } = await signUpPerson(client)
    let isPut = false
    const slow = createClient({
      interfere: async (call, proceed) => {
        if (call.store !== 'kv') return proceed()
        await new Promise((resolve) => setTimeout(resolve, 1500))
        isPut = true
        return proceed()
      },
      onAnswer: () => expect(isPut).toBe(false),
    })
    const answer = await slow.post('/auth/logout', { token: session.access_token })
    expect(answer.status).toBe(200)
    expect(await marker(await endedKey(userId))).toBe('1')
  })

  test('a backlog goes in one run', async () => {
    await rows(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < 300)
        insert into revocations (key, value, expires_at) select 'backlog-' || i, '1', ? from n`,
      Date.now() + 60_000,
    )
    await runScheduledJob()
    expect(await rows('select key from revocations where published_at is null')).toEqual([])
    expect(await marker('backlog-300')).toBe('1')
  })
})
