import { getTableColumns, is, SQL, sql } from 'drizzle-orm'
import type { BatchItem, BatchResponse } from 'drizzle-orm/batch'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'

export type Database = DrizzleD1Database & { readonly $client: D1Database }

/** D1 or KV did not answer, or answered that it cannot now. The caller should come back later. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** D1 refused a statement: a fault of ours. */
export class DatabaseFault extends Error {
  override readonly name = 'DatabaseFault'
}

const RETRY_PERIOD_MS = 5000
const BACKOFF_BASE_MS = 50
const BACKOFF_CAP_MS = 2000

const PASSING =
  /Network connection lost|storage caused object to be reset|reset because its code was updated|Cannot resolve D1 DB due to transient issue/
const OVERLOAD = /overloaded|timed? ?out|exceeded|too many requests|out of memory|reset/i
const FAULT =
  /(?:UNIQUE|FOREIGN KEY|NOT NULL|CHECK) constraint failed(?:: (?:index ')?[\w.]+)?|no such (?:table|column): [\w.]+|D1_TYPE_ERROR|D1_COLUMN_NOTFOUND|syntax error|too many SQL variables|cannot store/

const opened = new WeakMap<D1Database, Database>()

/** The same for the same binding, so that what is prepared for it is prepared once. */
export function openDatabase(binding: D1Database): Database {
  const db = opened.get(binding) ?? drizzle(binding)
  opened.set(binding, db)
  return db
}

/**
 * Runs the statements in one transaction and one round trip.
 * @throws StoreUnavailable, DatabaseFault; neither carries SQL or a bound value.
 */
export function runBatch<
  Statement extends BatchItem<'sqlite'>,
  Statements extends Readonly<[Statement, ...Statement[]]>,
>(db: Database, statements: Statements): Promise<BatchResponse<Statements>> {
  return retried(() => db.batch(statements))
}

/**
 * What D1 marks as passing is tried again for five seconds from then, with full jitter. "Network connection lost"
 * may come after the commit, so every batch must bear being run twice: rows carry ids of the request's
 * own making, guards hold, and verdicts are read from what is there at the end.
 *
 * @throws StoreUnavailable, DatabaseFault; neither carries SQL or a bound value.
 */
export async function retried<Result>(batch: () => Promise<Result>): Promise<Result> {
  let expired = false
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        return await batch()
      } catch (error) {
        if (isOwnFault(error)) throw new DatabaseFault(error.name)
        const text = errorText(error)
        if (expired || !PASSING.test(text)) throw classified(text)
        // Not before: a timer for each batch is dearer than its statements.
        timer ??= setTimeout(() => {
          expired = true
        }, RETRY_PERIOD_MS)
        await jitteredPause(attempt)
      }
    }
  } finally {
    if (timer !== undefined) clearTimeout(timer)
  }
}

/**
 * `INSERT … SELECT values WHERE condition`: the form of every insert that depends on what is there, or on
 * an earlier statement of its batch.
 */
export function insertWhere<Table extends SQLiteTable>(
  db: Database,
  table: Table,
  values: { readonly [Key in keyof Table['$inferInsert']]: Table['$inferInsert'][Key] | SQL },
  condition: SQL,
) {
  const given = new Map<string, unknown>(Object.entries(values))
  const row = Object.entries(getTableColumns(table)).map(([name, column]) => {
    const value = given.get(name) ?? column.default ?? null
    return is(value, SQL) ? value : sql`${sql.param(value, column)}`
  })
  return db.insert(table).select(sql`select ${sql.join(row, sql`, `)} where ${condition}`)
}

// What JavaScript itself throws, D1 has not: a statement or a row of ours could not be built or read. Its
// text may hold values.
function isOwnFault(error: unknown): error is Error {
  return error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError
}

// drizzle wraps a single query's error in one that carries SQL and parameters; the D1 error is its cause.
function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? errorText(error.cause) : error.message
}

function classified(text: string): Error {
  const fault = FAULT.exec(text)
  if (fault) return new DatabaseFault(fault[0])
  const known = PASSING.exec(text) ?? OVERLOAD.exec(text)
  return new StoreUnavailable(`D1 is unavailable: ${known?.[0] ?? 'unrecognised error'}`)
}

function jitteredPause(attempt: number): Promise<void> {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1))
  const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** attempt)
  return new Promise((resolve) => setTimeout(resolve, (random / 2 ** 32) * ceiling))
}
