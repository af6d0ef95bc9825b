import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { recordEventWhere } from '../../src/store/audit-events'
import { openDatabase, runBatch } from '../../src/store/database'
import { raiseEpoch } from '../../src/store/revocations'
import { fail, type Interference, staleReads } from '../platform/bindings'
import { createClient, refusal, runScheduledJob, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { logInAgain, refresh, sidOf, signUpPerson } from '../platform/people'
import { marker, row, rows } from '../platform/records'

const client = createClient()

describe('with KV stale for a minute', () => {
  const ends = {
    'a logout': (token: string) => client.post('/auth/logout', { token }),
    'a logout everywhere': (token: string) =>
      client.post('/auth/logout', { token, body: { everywhere: true } }),
  }
  test.each(Object.entries(ends))(
    '%s holds at once in D1, and for verify within the bound',
    async (_name, end) => {
      const far = createClient({ interfere: staleReads(60) })
      const { session } = await signUpPerson(client)
      const token = session.access_token
      expect((await far.get('/auth/verify', { token })).status).toBe(200)
      await end(token)
      expect((await far.get('/auth/me', { token })).status).toBe(401)
      expect((await far.get('/auth/sessions', { token })).status).toBe(401)
      expect((await refresh(far, session.refresh_token)).status).toBe(401)
      advanceSeconds(59)
      expect((await far.get('/auth/verify', { token })).status).toBe(200)
      advanceSeconds(1)
      expect(refusal(await far.get('/auth/verify', { token }))).toBe('401 invalid_token')
    },
  )

  test('KV and D1 know of an end for longer than any access token lives', async () => {
    const { session } = await signUpPerson(client)
    // KV keeps the machine's time, so that it is measured against another marker.
    await env.REVOCATIONS.put('now', '1', { expirationTtl: 60 })
    await client.post('/auth/logout', { token: session.access_token })
    const key = `revoked:session:${sidOf(session)}`
    const { expires_at } = await row('select expires_at from revocations where key = ?', key)
    expect(Number(expires_at) - Date.now()).toBeGreaterThan(3600_000)
    const { keys } = await env.REVOCATIONS.list()
    const expirationOf = (name: string) =>
      keys.find((found) => found.name === name)?.expiration ?? 0
    expect(expirationOf(key) - expirationOf('now')).toBeGreaterThan(3600 - 60)
  })

  test('for ever stale, nothing outlives the access token', async () => {
    const far = createClient({ interfere: staleReads(1_000_000) })
    const { session } = await signUpPerson(client)
    const token = session.access_token
    await far.get('/auth/verify', { token })
    await client.post('/auth/logout', { token })
    advanceSeconds(899)
    expect((await far.get('/auth/verify', { token })).status).toBe(200)
    advanceSeconds(1)
    expect(refusal(await far.get('/auth/verify', { token }))).toBe('401 invalid_token')
  })
})

/** What a change of roles does: the epoch rises in its batch, and no session ends. */
async function changeRoles(userId: string): Promise<void> {
  const db = openDatabase(env.DB)
  const event = {
    id: crypto.randomUUID(),
    occurredAt: Date.now(),
    type: 'roles_changed',
    outcome: 'success' as const,
    subjectId: userId,
    actorPersonalDigest: 'x',
  }
  const expiresAt = Date.now() + 1_020_000
  await grantAnalyst(userId)
  await runBatch(db, [
    recordEventWhere(db, event, sql`true`),
    ...raiseEpoch(db, { userId, keep: null, expiresAt, event }),
  ])
}

function grantAnalyst(userId: string) {
  return rows(
    `insert or ignore into user_roles (user_id, role_id, granted_at)
      values (?, (select id from roles where name = 'analyst'), 0)`,
    userId,
  )
}

describe('a raised epoch', () => {
  test('outdates the tokens, not the sessions: a refresh brings the new claims', async () => {
    const { session, userId } = await signUpPerson(client)
    await changeRoles(userId)
    await runScheduledJob()
    expect((await client.get('/auth/verify', { token: session.access_token })).status).toBe(401)
    expect((await client.get('/auth/me', { token: session.access_token })).body).toMatchObject({
      roles: ['analyst', 'user'],
    })
    const next = sessionOf(await refresh(client, session.refresh_token))
    expect(decodeJwt(next.access_token)).toMatchObject({ epoch: 2, roles: ['analyst', 'user'] })
    expect((await client.get('/auth/verify', { token: next.access_token })).status).toBe(200)
  })

  test('keeping a session does not bring back its tokens that were outdated before', async () => {
    const person = await signUpPerson(client)
    await logInAgain(client, person)
    const old = person.session.access_token
    await changeRoles(person.userId)
    const fresh = sessionOf(await refresh(client, person.session.refresh_token)).access_token
    await client.delete('/auth/sessions', { token: fresh })
    expect((await client.get('/auth/verify', { token: fresh })).status).toBe(200)
    expect((await client.get('/auth/verify', { token: old })).status).toBe(401)
  })
})

describe('two changes at once', () => {
  test('leave the newer marker in KV, whichever is put last', async () => {
    const person = await signUpPerson(client)
    await logInAgain(client, person)
    const token = person.session.access_token
    const slow: Interference = async (call, proceed) => {
      if (call.operation === 'put' && call.index === 0) {
        await changeRoles(person.userId)
        await env.REVOCATIONS.put(`revoked:user:${person.userId}`, '{"epoch":3}')
      }
      return proceed()
    }
    await createClient({ interfere: slow }).delete('/auth/sessions', { token })
    expect(await marker(`revoked:user:${person.userId}`)).toBe('{"epoch":3}')
    expect(
      await row(
        'select value, published_at from revocations where key = ?',
        `revoked:user:${person.userId}`,
      ),
    ).toEqual({ value: '{"epoch":3}', published_at: Date.now() })
  })

  test('a marker that KV refuses is put by the retry with the value of then', async () => {
    const person = await signUpPerson(client)
    await logInAgain(client, person)
    const unlucky = createClient({
      interfere: fail('kv', 0, 'KV PUT failed: 429 Too Many Requests'),
    })
    await unlucky.delete('/auth/sessions', { token: person.session.access_token })
    expect(JSON.parse((await marker(`revoked:user:${person.userId}`)) ?? '')).toMatchObject({
      epoch: 2,
    })
  })

  test('a put that lands late, after a newer one, is put right', { timeout: 20_000 }, async () => {
    const person = await signUpPerson(client)
    await logInAgain(client, person)
    const key = `revoked:user:${person.userId}`
    const token = person.session.access_token
    let isAnswered = false
    const late: Interference = async (call, proceed) => {
      if (call.operation !== 'put' || call.index > 0) return proceed()
      await new Promise((resolve) => setTimeout(resolve, 1500))
      isAnswered = true
      await changeRoles(person.userId)
      await env.REVOCATIONS.put(key, '{"epoch":3}')
      await rows('update revocations set published_at = 1 where key = ?', key)
      return proceed()
    }
    await createClient({ interfere: late }).delete('/auth/sessions', { token })
    expect(isAnswered).toBe(true)
    expect(await marker(key)).toBe('{"epoch":3}')
  })

  test('an older one that the job put last is put right by its next run', async () => {
    const { userId } = await signUpPerson(client)
    const key = `revoked:user:${userId}`
    await changeRoles(userId)
    await runScheduledJob(async (call, proceed) => {
      if (call.operation === 'put') {
        await rows(
          `update revocations set value = '{"epoch":3}', published_at = 1 where key = ?`,
          key,
        )
      }
      return proceed()
    })
    expect(await marker(key)).toBe('{"epoch":2}')
    advanceSeconds(60)
    await runScheduledJob()
    expect(await marker(key)).toBe('{"epoch":3}')
  })
})
