import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { DatabaseFault, openDatabase } from '../../src/store/database'
import { preparedBatch } from '../../src/store/prepared-batch'
import { permissions } from '../../src/store/schema'

interface Values {
  readonly one: { readonly id: string; readonly name: string | null }
  readonly limit: number
}

const read = (count: { built: number }) =>
  preparedBatch((db, { one, limit }: Values) => {
    count.built += 1
    return [
      db
        .select({
          id: sql<string>`${one.id}`.as('id'),
          name: sql<string | null>`${one.name}`.as('name'),
        })
        .from(permissions)
        .limit(limit),
    ] as const
  })

test('a batch is built once for a database, and answers what each run asks', async () => {
  const count = { built: 0 }
  const run = read(count)
  const db = openDatabase(env.DB)
  expect(await run(db, { one: { id: 'a', name: null }, limit: 1 })).toEqual([
    [{ id: 'a', name: null }],
  ])
  const [rows] = await run(db, { one: { id: "b' or 1", name: 'B' }, limit: 2 })
  expect(rows).toEqual(Array(2).fill({ id: "b' or 1", name: 'B' }))
  expect(count.built).toBe(1)
})

test('runs at the same time do not share their values', async () => {
  const run = read({ built: 0 })
  const ids = Array.from({ length: 20 }, (_, i) => `run ${i}`)
  const found = await Promise.all(
    ids.map((id) => run(openDatabase(env.DB), { one: { id, name: null }, limit: 1 })),
  )
  expect(found.map(([[row]]) => row?.id)).toEqual(ids)
})

test('what would calculate with a value is refused, instead of doing so with a placeholder', async () => {
  const later = preparedBatch((db, { now }: { now: number }) => [
    db
      .select({ id: permissions.id })
      .from(permissions)
      .where(sql`${now + 1000} > 0`),
  ])
  const joined = preparedBatch((db, { name }: { name: string }) => [
    db
      .select({ id: permissions.id })
      .from(permissions)
      .where(sql`name = ${`${name}!`}`),
  ])
  const db = openDatabase(env.DB)
  await expect(later(db, { now: 1 })).rejects.toThrow('calculates with now')
  await expect(joined(db, { name: 'x' })).rejects.toThrow('calculates with name')
})

test('a run with fewer or more values than the first is refused', async () => {
  const run = read({ built: 0 })
  const db = openDatabase(env.DB)
  await run(db, { one: { id: 'a', name: null }, limit: 1 })
  const others = [
    { one: { id: 'a' }, limit: 1 },
    { one: { id: 'a', name: null, more: 1 }, limit: 1 },
  ] as unknown as Values[]
  for (const values of others) await expect(run(db, values)).rejects.toThrow('other values')
})

test('a value that D1 cannot take is a fault that does not tell it', async () => {
  const run = read({ built: 0 })
  const values = { one: { id: 'secret', name: undefined }, limit: 1 } as unknown as Values
  const error = await run(openDatabase(env.DB), values).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(DatabaseFault)
  expect(String(error)).not.toContain('secret')
})
