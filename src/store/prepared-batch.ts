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
    const sent = statements.map(({ text, parameters }) =>
      db.$client.prepare(text).bind(...parameters.map((parameter) => parameter(values))),
    )
    const results = await retried(() => db.$client.batch(sent))
    return results.map((result, i) => statements[i]?.read(result)) as BatchResponse<Statements>
  }
}

function prepare(statements: readonly BatchItem<'sqlite'>[]): readonly PreparedStatement[] {
  return statements.map((statement) => {
    const prepared = (statement as unknown as { prepare(): Prepared }).prepare()
    const { sql: text, params } = prepared.getQuery()
    const read = (result: unknown) => prepared.mapResult(result, true)
    return { text, parameters: params.map(parameterOf), read }
  })
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
  if (value === undefined) throw new Error(`a prepared batch was given no ${path.join('.')}`)
  return value
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
