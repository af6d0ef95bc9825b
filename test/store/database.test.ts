import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import { describe, expect, test, vi } from 'vitest'
import { openDatabase, runBatch, StoreUnavailable } from '../../src/store/database'
import { users } from '../../src/store/schema'
import { fail, failAll, type Interference, wrapBindings } from '../platform/bindings'

async function attempt(interfere: Interference) {
  const { bindings, counts } = wrapBindings(env, interfere)
  const db = openDatabase(bindings.DB)
  const work = runBatch(db, [
    db
      .select({ one: sql<number>`1`.as('one') })
      .from(users)
      .limit(1),
  ])
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return { error, calls: counts.d1 }
}

describe('what passes is tried again', () => {
  test.each([
    'D1_ERROR: Network connection lost.',
    'D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset: storage caused object to be reset.',
    'D1_ERROR: D1 DB reset because its code was updated.',
    'D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.',
  ])('%s', async (message) => {
    expect(await attempt(fail('d1', 0, message))).toEqual({ error: null, calls: 2 })
  })

  test('for five seconds at most, then the store is unavailable', async () => {
    vi.useFakeTimers()
    const pending = attempt(failAll('d1'))
    await vi.advanceTimersByTimeAsync(20_000)
    const { error, calls } = await pending
    expect(error).toBeInstanceOf(StoreUnavailable)
    expect(calls).toBeGreaterThan(3)
    expect(calls).toBeLessThan(40)
  })
})

describe('what does not pass is told at once', () => {
  test.each([
    'D1_ERROR: D1 DB is overloaded. Requests queued for too long.',
    'D1_ERROR: D1 DB exceeded its memory limit and was reset.',
    "Your account has exceeded D1's free tier daily row read limit",
    'something unheard of',
  ])('%s: unavailable', async (message) => {
    const { error, calls } = await attempt(failAll('d1', message))
    expect(error).toBeInstanceOf(StoreUnavailable)
    expect(calls).toBe(1)
  })

  test.each([
    ['D1_ERROR: no such table: users: SQLITE_ERROR', 'no such table: users'],
    [
      'D1_ERROR: UNIQUE constraint failed: users.id: SQLITE_CONSTRAINT',
      'UNIQUE constraint failed: users.id',
    ],
    [
      "D1_ERROR: UNIQUE constraint failed: index 'users_email': SQLITE_CONSTRAINT",
      "UNIQUE constraint failed: index 'users_email",
    ],
    ["D1_TYPE_ERROR: Type 'object' not supported for value 'secret'", 'D1_TYPE_ERROR'],
    ['D1_ERROR: near "secret": syntax error: SQLITE_ERROR', 'syntax error'],
  ])('%s: a fault of ours', async (message, told) => {
    const { error, calls } = await attempt(failAll('d1', message))
    expect(error).toMatchObject({ name: 'DatabaseFault', message: told })
    expect(calls).toBe(1)
  })
})

test('what JavaScript throws is a fault of ours, without its text', async () => {
  const unreadable: Interference = async () => {
    throw new SyntaxError('Unexpected token: secret')
  }
  const { error } = await attempt(unreadable)
  expect(error).toMatchObject({ name: 'DatabaseFault', message: 'SyntaxError' })
})

test('a batch is one transaction: a statement that fails takes the others with it', async () => {
  const db = openDatabase(env.DB)
  const values = { isActive: true, createdAt: 0, updatedAt: 0 }
  const one = { ...values, id: 'one', email: 'one', emailNormalized: 'same' }
  const two = { ...values, id: 'two', email: 'two', emailNormalized: 'same' }
  await expect(
    runBatch(db, [db.insert(users).values(one), db.insert(users).values(two)]),
  ).rejects.toThrow('UNIQUE constraint failed: users.email_normalized')
  expect(await db.select().from(users).where(sql`id in ('one', 'two')`)).toEqual([])
})
