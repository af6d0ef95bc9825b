// Users of another system, or of another Gatehouse, into the database: each with roles and audit event, or not at all.

import { randomUUID } from 'node:crypto'
import { PERSONAL_COLUMNS, personalValues } from './audit-detail.ts'
import { type Query, quoted } from './database.ts'
import { type ImportedUser, readUserLine } from './user-line.ts'

/** Users of one transaction. While it runs, a deployed database answers nobody. */
const CHUNK = 5000
/** D1 takes statements of 100,000 bytes. */
const STATEMENT_BYTES = 90_000
/** Rows in one answer. */
const PAGE = 10_000

export interface ImportTarget {
  readonly query: Query
  /** Runs statements in one transaction. */
  readonly run: (statements: readonly string[]) => Promise<void>
}

export interface ImportOptions {
  readonly now: number
  readonly onRefused: (line: number, reason: string) => void
  /** Told how many lines are done. */
  readonly onProgress?: (lines: number) => void
}

export interface ImportResult {
  readonly imported: number
  /** Were there already. */
  readonly unchanged: number
  readonly refused: number
}

interface Candidate extends ImportedUser {
  readonly line: number
  readonly eventId: string
}

/** Run again, it goes on where it was interrupted: who is there already is passed over. */
export async function importUsers(
  lines: AsyncIterable<string> | Iterable<string>,
  { query, run }: ImportTarget,
  { now, onRefused, onProgress }: ImportOptions,
): Promise<ImportResult> {
  const roles = await knownRoles(query)
  const admit = await admission(query)
  const result = { imported: 0, unchanged: 0, refused: 0 }
  let chunk: Candidate[] = []
  let line = 0

  function refuse(at: number, reasons: readonly string[]): void {
    result.refused++
    for (const reason of reasons) onRefused(at, reason)
  }
  async function write(): Promise<void> {
    if (chunk.length > 0) await run(statementsFor(chunk, now))
    const missing = await missingOf(query, chunk, now, result.imported)
    for (const candidate of missing) refuse(candidate.line, ['was taken meanwhile'])
    result.imported += chunk.length - missing.length
    chunk = []
    onProgress?.(line)
  }

  for await (const text of lines) {
    line++
    if (text.trim() === '') continue
    const user = readUserLine(text, roles)
    const refusals = 'reasons' in user ? user.reasons : admit(user, line)
    if (refusals === 'unchanged') result.unchanged++
    else if (refusals.length > 0) refuse(line, refusals)
    else if ('id' in user) chunk.push({ ...user, line, eventId: randomUUID() })
    if (chunk.length === CHUNK) await write()
  }
  await write()
  return result
}

type Admission = (user: ImportedUser, line: number) => 'unchanged' | readonly string[]

/** Whether a user may come in beside those in the database and those in the lines before. */
async function admission(query: Query): Promise<Admission> {
  const accounts = new Map<string, string>()
  const idOfEmail = new Map<string, string>()
  const linesSeen = new Map<string, number>()
  for await (const { id, email_normalized } of pages(
    query,
    'id, email_normalized',
    'users',
    'id',
  )) {
    accounts.set(String(id), String(email_normalized))
    idOfEmail.set(String(email_normalized), String(id))
  }
  const deleted = new Set<string>()
  const where = `type = 'user_deleted'`
  for await (const row of pages(query, 'seq, subject_id', 'audit_events', 'seq', where)) {
    deleted.add(String(row['subject_id']))
  }

  return ({ id, emailNormalized }, line) => {
    const before = linesSeen.get(`id ${id}`) ?? linesSeen.get(`email ${emailNormalized}`)
    if (before !== undefined) return [`has the id or email of line ${before}`]
    linesSeen.set(`id ${id}`, line).set(`email ${emailNormalized}`, line)
    if (accounts.get(id) === emailNormalized) return 'unchanged'
    if (accounts.has(id)) return ['id: is that of an account with another email']
    if (idOfEmail.has(emailNormalized)) return ['email: is that of an account with another id']
    return deleted.has(id) ? ['the account has been deleted here'] : []
  }
}

async function knownRoles(query: Query): Promise<ReadonlySet<string>> {
  const [found = []] = await query('select name from roles')
  return new Set(found.map((row) => String(row['name'])))
}

async function* pages(query: Query, columns: string, table: string, key: string, where = 'true') {
  for (let after = ''; ; ) {
    const from = after === '' ? 'true' : `${key} > ${after}`
    const [page = []] = await query(
      `select ${columns} from ${table} where ${where} and ${from} order by ${key} limit ${PAGE}`,
    )
    yield* page
    const last = page.at(-1)?.[key]
    if (page.length < PAGE || last === undefined) return
    after = typeof last === 'number' ? String(last) : quoted(String(last))
  }
}

/** Those whom somebody else came before, by id or email, since they were looked for. */
async function missingOf(
  query: Query,
  chunk: readonly Candidate[],
  now: number,
  importedBefore: number,
): Promise<readonly Candidate[]> {
  const ofThisRun = `from audit_events where type = 'user_imported' and occurred_at = ${now}`
  const [[counted] = []] = await query(`select count(*) as imported ${ofThisRun}`)
  if (Number(counted?.['imported']) === importedBefore + chunk.length) return []
  const recorded = new Set<unknown>()
  const where = `type = 'user_imported' and occurred_at = ${now}`
  for await (const row of pages(query, 'seq, id', 'audit_events', 'seq', where)) {
    recorded.add(row['id'])
  }
  return chunk.filter(({ eventId }) => !recorded.has(eventId))
}

/**
 * The audit event stands first, where there is neither id nor email yet, and nobody can have the email back by undoing a change; user and roles follow where it does. The auth
 * epoch stays 0: that is how tokens of the replaced system know an account as theirs.
 */
function statementsFor(chunk: readonly Candidate[], now: number): readonly string[] {
  const isNew = `not exists (select 1 from users where id = value ->> 1)
    and not exists (select 1 from users where email_normalized = value ->> 2)
    and not exists (select 1 from one_time_tokens where purpose in ('invitation', 'undo_email_change')
      and purpose = 'undo_email_change' and lower(email) = value ->> 2
      and used_at is null and expires_at > ${now})`
  const isRecorded = 'exists (select 1 from audit_events where id = value ->> 0)'
  const events = lists(chunk.map((user) => eventOf(user)))
  const users = lists(chunk.map((user) => rowOf(user)))
  const roles = lists(
    chunk.flatMap(({ eventId, id, roles }) => roles.map((role) => [eventId, id, role])),
  )
  return [
    ...events.map(
      (list) => `insert into audit_events
        (id, occurred_at, type, outcome, subject_id, ${PERSONAL_COLUMNS})
        select value ->> 0, ${now}, 'user_imported', 'success', value ->> 1,
        value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8
        from ${list} where ${isNew}`,
    ),
    ...users.map(
      (list) => `insert into users (id, email_normalized, email, name, password_hash, is_active,
        email_verified_at, auth_epoch, created_at, updated_at, last_login_at)
        select value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
        value ->> 7, 0, value ->> 8, ${now}, value ->> 9
        from ${list} where ${isRecorded}`,
    ),
    ...roles.map(
      (list) => `insert into user_roles (user_id, role_id, granted_by, granted_at)
        select value ->> 1, roles.id, null, ${now} from ${list} join roles on roles.name = value ->> 2
        where ${isRecorded}`,
    ),
  ]
}

function eventOf({ eventId, id, emailNormalized, roles }: Candidate) {
  return [eventId, id, emailNormalized, ...personalValues({ roles: roles.join(' ') })]
}

function rowOf(user: Candidate) {
  return [
    user.eventId,
    user.id,
    user.emailNormalized,
    user.email,
    user.name,
    user.passwordHash,
    user.isActive ? 1 : 0,
    user.emailVerifiedAt,
    user.createdAt,
    user.lastLoginAt,
  ]
}

/** The rows as SQL, in as many parts as statements have to be. */
function lists(rows: readonly (readonly unknown[])[]): readonly string[] {
  const parts: string[] = []
  let part: string[] = []
  let size = 0
  for (const row of rows.map(inert)) {
    if (part.length > 0 && size + row.length > STATEMENT_BYTES) {
      parts.push(`json_each('[${part.join(',')}]')`)
      part = []
      size = 0
    }
    part.push(row)
    size += row.length + 1
  }
  if (part.length > 0) parts.push(`json_each('[${part.join(',')}]')`)
  return parts
}

// Wrangler and D1 take a file of statements apart by its text: no name may end a literal or a statement, or read as
// the beginning of a transaction. All of these stand only within JSON's own strings; what is not ASCII counts in bytes.
function inert(row: readonly unknown[]): string {
  return JSON.stringify(row).replace(
    /[ ';]|[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
