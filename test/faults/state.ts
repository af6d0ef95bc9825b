import { env } from 'cloudflare:workers'
import { forgetWrites } from '../platform/bindings'
import { emptyMailbox } from '../platform/mails'
import { rows } from '../platform/records'

// All that D1 and KV hold, to look at, to compare and to put back.

type Row = Readonly<Record<string, unknown>>

export interface State {
  readonly tables: Readonly<Record<string, readonly Row[]>>
  readonly markers: Readonly<Record<string, string | null>>
}

/**
 * Attempts are counted before it is known what comes of them, and count also where that is a failure of ours. Mails are
 * counted when they are sent.
 */
const MAY_MOVE = ['login_attempts', 'mail_limits']

const TABLES = (
  await rows(`select name from sqlite_master where type = 'table' and name <> 'd1_migrations'
    and name not like 'sqlite%' and name not like '_cf%' order by name`)
).map(({ name }) => String(name))

export async function readState(): Promise<State> {
  const [tables, { keys }] = await Promise.all([
    env.DB.batch<Row>(
      TABLES.map((table) => env.DB.prepare(`select * from ${table} order by rowid`)),
    ),
    env.REVOCATIONS.list(),
  ])
  const markers = await Promise.all(
    keys.map(async ({ name }) => [name, await env.REVOCATIONS.get(name)] as const),
  )
  return {
    tables: Object.fromEntries(TABLES.map((table, at) => [table, tables[at]?.results ?? []])),
    markers: Object.fromEntries(markers),
  }
}

async function writeState({ tables, markers }: State): Promise<void> {
  const { keys } = await env.REVOCATIONS.list()
  await Promise.all([
    env.DB.batch([
      env.DB.prepare('pragma defer_foreign_keys = on'),
      // Users first, and with them what would keep roles from going.
      ...TABLES.toReversed().map((table) => env.DB.prepare(`delete from ${table}`)),
      // A number that nothing has would be an event that somebody removed.
      env.DB.prepare(`delete from sqlite_sequence where name = 'audit_events'`),
      ...TABLES.flatMap((table) => insertAll(table, tables[table] ?? [])),
    ]),
    ...keys.map(({ name }) => env.REVOCATIONS.delete(name)),
  ])
  await Promise.all(
    Object.entries(markers).map(([key, value]) => env.REVOCATIONS.put(key, value ?? '')),
  )
}

/** As it was, with nothing mailed since. */
export async function startAnew(start: State): Promise<void> {
  await writeState(start)
  emptyMailbox()
  forgetWrites()
}

function insertAll(table: string, tableRows: readonly Row[]) {
  const columns = Object.keys(tableRows[0] ?? {})
  if (columns.length === 0) return []
  const values = columns.map((column) => `json_extract(value, '$.${column}')`)
  return [
    env.DB.prepare(
      `insert into ${table} (${columns.join(', ')}) select ${values.join(', ')} from json_each(?)`,
    ).bind(JSON.stringify(tableRows)),
  ]
}

const MADE_UP = /\$pbkdf2[^"]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w-]{43}(?![\w-])/g

/**
 * What the tables hold, with `<new>` for each id and hash that `start` did not have: two runs from there that
 * did the same look the same. Without what follows an answer, some time: mails, what KV was told, the last use, when
 * a request for a mail was seen to.
 */
export function effectOf(
  { tables }: State,
  start: State,
): Readonly<Record<string, readonly Row[]>> {
  const known = JSON.stringify(start.tables)
  const shown = TABLES.filter((table) => !MAY_MOVE.includes(table)).map((table) => {
    const kept = (tables[table] ?? []).filter(({ channel }) => channel !== 'mail').map(without)
    const text = JSON.stringify(kept)
    return [table, text.replace(MADE_UP, (found) => (known.includes(found) ? found : '<new>'))]
  })
  return Object.fromEntries(shown.map(([table = '', text = '']) => [table, JSON.parse(text)]))
}

function without({
  seq: _1,
  published_at: _2,
  last_used_at: _3,
  settled_at: _4,
  ...row
}: Row): Row {
  const { personal_salt, personal_digest: _5, ...others } = row
  const { subject_personal_salt, subject_personal_digest: _6, ...shown } = others
  return {
    ...shown,
    ...(personal_salt === null && { personal_salt }),
    ...(subject_personal_salt === null && { subject_personal_salt }),
  }
}

/** How many attempts were counted, of each thing that they are counted by. */
export function attemptsIn({ tables }: State): readonly unknown[] {
  return (tables['login_attempts'] ?? []).map(({ key, failures }) => [key, failures])
}

/** What is still to be told to people and to KV, and what was asked for and is still to be seen to. */
export function pendingIn({ tables }: State): readonly unknown[] {
  const mails = (tables['outbox'] ?? []).filter(({ channel }) => channel === 'mail')
  const revocations = (tables['revocations'] ?? []).filter((row) => row['published_at'] === null)
  const asked = (tables['mail_requests'] ?? []).filter((row) => row['settled_at'] === null)
  return [...mails, ...revocations, ...asked]
}
