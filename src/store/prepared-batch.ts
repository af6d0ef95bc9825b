import { fillPlaceholders, type Query, sql } from 'drizzle-orm'
import type { BatchItem, BatchResponse } from 'drizzle-orm/batch'
import { type Database, retried } from './database'

interface PreparedStatement {
  getQuery(): Query
  mapResult(response: unknown, isFromBatch: boolean): unknown
}

/**
 * A batch for what is asked for most: its statements are built once for each isolate, with placeholders for the values, and
 * each run only fills these in. Building takes more CPU than anything else that such a request does.
 *
 * `build` may make the values parameters of its statements and do nothing else with them, since it sees placeholders: what
 * follows from a value has to be a value itself. Every run has the same values, of which some may be null.
 */
export function preparedBatch<
  Values extends object,
  Statement extends BatchItem<'sqlite'>,
  Statements extends Readonly<[Statement, ...Statement[]]>,
>(build: (db: Database, values: Values) => Statements) {
  const known = new WeakMap<Database, readonly PreparedStatement[]>()
  return async (db: Database, values: Values): Promise<BatchResponse<Statements>> => {
    const statements = known.get(db) ?? prepare(build(db, placeholdersFor(values)))
    known.set(db, statements)
    const byPath = Object.fromEntries(leavesOf(values))
    const sent = statements.map((statement) => {
      const { sql: text, params } = statement.getQuery()
      return db.$client.prepare(text).bind(...fillPlaceholders(params, byPath))
    })
    const results = await retried(() => db.$client.batch(sent))
    return results.map((result, i) =>
      statements[i]?.mapResult(result, true),
    ) as BatchResponse<Statements>
  }
}

function prepare(statements: readonly BatchItem<'sqlite'>[]): readonly PreparedStatement[] {
  return statements.map((statement) =>
    (statement as unknown as { prepare(): PreparedStatement }).prepare(),
  )
}

function* leavesOf(values: object, path = ''): Generator<[path: string, value: unknown]> {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'object' && value !== null) yield* leavesOf(value, `${path}${name}.`)
    else yield [path + name, value]
  }
}

function placeholdersFor<Values extends object>(values: Values, path = ''): Values {
  const entries = Object.entries(values).map(([name, value]) => {
    const isGroup = typeof value === 'object' && value !== null
    return [name, isGroup ? placeholdersFor(value, `${path}${name}.`) : placeholder(path + name)]
  })
  return Object.fromEntries(entries)
}

function placeholder(name: string) {
  const refuse = () => {
    throw new Error(`a prepared batch calculates with ${name}`)
  }
  return Object.assign(sql.placeholder(name), { [Symbol.toPrimitive]: refuse })
}
