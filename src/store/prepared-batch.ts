import { is, Param, Placeholder, type Query, sql } from 'drizzle-orm'
import type { BatchItem, BatchResponse } from 'drizzle-orm/batch'
import { type Database, retried } from './database'

/** What drizzle prepares; its `mapResult` is what it reads the results of a batch with itself. */
interface Prepared {
  getQuery(): Query
  mapResult(response: unknown, isFromBatch: boolean): unknown
}

interface PreparedStatement {
  readonly text: string
  readonly parameters: readonly ((values: object) => unknown)[]
  readonly read: (result: unknown) => unknown
}

interface PreparedBatch {
  readonly statements: readonly PreparedStatement[]
  readonly valueCount: number
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
  const known = new WeakMap<Database, PreparedBatch>()
  return async (db: Database, values: Values): Promise<BatchResponse<Statements>> => {
    const prepared = known.get(db) ?? prepare(db, values, build)
    known.set(db, prepared)
    const { statements, valueCount } = prepared
    // One that came later would be left out of what is built already.
    if (countValues(values) !== valueCount)
      throw new Error('a prepared batch was given other values')
    return retried(async () => {
      const sent = statements.map(({ text, parameters }) =>
        db.$client.prepare(text).bind(...parameters.map((parameter) => parameter(values))),
      )
      const results = await db.$client.batch(sent)
      return results.map((result, i) => statements[i]?.read(result)) as BatchResponse<Statements>
    })
  }
}

function prepare<Values extends object>(
  db: Database,
  values: Values,
  build: (db: Database, values: Values) => readonly BatchItem<'sqlite'>[],
): PreparedBatch {
  const statements = build(db, placeholdersFor(values)).map((statement) => {
    const prepared = (statement as unknown as { prepare(): Prepared }).prepare()
    const { sql: text, params } = prepared.getQuery()
    const read = (result: unknown) => prepared.mapResult(result, true)
    return { text, parameters: params.map(parameterOf), read }
  })
  return { statements, valueCount: countValues(values) }
}

function parameterOf(parameter: unknown): (values: object) => unknown {
  const encoder = is(parameter, Param) ? parameter.encoder : null
  const held = is(parameter, Param) ? parameter.value : parameter
  if (!is(held, Placeholder)) return () => parameter
  const path = held.name.split('.')
  return (values) => {
    const value = valueAt(values, path)
    return encoder && value !== null ? encoder.mapToDriverValue(value) : value
  }
}

function valueAt(values: object, path: readonly string[]): unknown {
  let value: unknown = values
  for (const name of path) value = (value as Readonly<Record<string, unknown>>)[name]
  if (value === undefined) throw new TypeError(`a prepared batch was given no ${path.join('.')}`)
  return value
}

function countValues(values: object): number {
  let count = 0
  for (const value of Object.values(values)) {
    count += typeof value === 'object' && value !== null ? countValues(value) : 1
  }
  return count
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
