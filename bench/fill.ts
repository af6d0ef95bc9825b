import { createHash, randomFillSync } from 'node:crypto'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

// Users as years of use leave them, written by SQL into the file behind D1, with ids in the order of time and all else
// as long as the service would make it.

const DAY_MS = 24 * 60 * 60 * 1000
const CHUNK = 50_000
export const SESSIONS_EACH = 3

/** Coprime to every size: by it the sessions of a user lie far apart. */
const STRIDE = 7919

const FIRST =
  'anna ben clara david emma felix grace henry ida jonas kate leo mia noah olga paul rosa sam tina uwe'
const LAST =
  'adams baker clark davis evans fisher green hill ito jones king lopez moore novak owens peters'
const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
]

export interface Filled {
  readonly users: number
  readonly sessions: number
  readonly events: number
  /** Of each table with its indexes. */
  readonly bytes: Readonly<Record<string, number>>
}

/** Fills an empty database with so many users, who all have this password hash. */
export function fill(folder: string, users: number, passwordHash: string): Filled {
  const db = open(folder)
  db.exec('pragma synchronous = off; pragma cache_size = -1000000; pragma foreign_keys = off')
  addFunctions(db)
  const now = Date.now()
  const bind = { users, now, hash: passwordHash, day: DAY_MS }
  const sessions = users * SESSIONS_EACH
  inChunks(db, users, USERS, bind)
  inChunks(db, users, ROLES, bind)
  inChunks(db, users, SIGNUPS, bind)
  inChunks(db, sessions, SESSIONS, { ...bind, sessions, stride: STRIDE })
  inChunks(db, sessions - users, LOGINS, bind)
  for (const statement of LEFTOVERS) db.prepare(statement).run({ users, now, day: DAY_MS })
  db.exec('pragma wal_checkpoint(truncate)')
  const bytes = bytesOf(db)
  db.close()
  return { users, sessions, events: sessions, bytes }
}

/** What takes space in the file, by table. */
function bytesOf(db: DatabaseSync): Record<string, number> {
  const found = db
    .prepare(
      `select tbl_name as name, sum(pgsize) as bytes from dbstat
        join sqlite_master using (name) group by tbl_name order by bytes desc`,
    )
    .all()
  return Object.fromEntries(found.map(({ name, bytes }) => [String(name), Number(bytes)]))
}

function open(folder: string): DatabaseSync {
  const file = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) =>
    /D1DatabaseObject\/[0-9a-f]{64}\.sqlite$/.test(name),
  )
  if (!file) throw new Error(`there is no database in ${folder}`)
  return new DatabaseSync(path.join(folder, file), { timeout: 10_000 })
}

type Bind = Readonly<Record<string, number | string>>

/** Runs the statement for the numbers from 0 to `count`, `:from` to `:to` at a time. */
function inChunks(db: DatabaseSync, count: number, statement: string, bind: Bind): void {
  const prepared = db.prepare(
    `with recursive n(i) as (select :from union all select i + 1 from n where i + 1 < :to) ${statement}`,
  )
  prepared.setAllowUnknownNamedParameters(true)
  for (let from = 0; from < count; from += CHUNK) {
    prepared.run({ ...bind, from, to: Math.min(from + CHUNK, count) })
  }
}

/** What SQL cannot make up: `uuid(time)`, `token(characters)`, `first(i)`, `last(i)`, `agent(i)`, `digest(text)`. */
function addFunctions(db: DatabaseSync): void {
  const pool = new Uint8Array(65_536)
  let at = pool.length
  const random = (bytes: number) => {
    if (at + bytes > pool.length) {
      randomFillSync(pool)
      at = 0
    }
    at += bytes
    return Buffer.from(pool.subarray(at - bytes, at))
  }
  const pick = (words: readonly string[]) => (i: unknown) => words[Number(i) % words.length] ?? ''
  db.function('uuid', (time) => {
    const bytes = random(16)
    bytes.writeUIntBE(Number(time), 0, 6)
    bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  })
  db.function('token', (characters) =>
    random(48).toString('base64url').slice(0, Number(characters)),
  )
  db.function('digest', (text) => createHash('sha256').update(String(text)).digest('base64url'))
  db.function('first', pick(FIRST.split(' ')))
  db.function('last', pick(LAST.split(' ')))
  db.function('agent', pick(AGENTS))
}

// They signed up in the year before the last 29 days, one in a hundred has been disabled since.
const CREATED = `:now - 394 * :day + i * (365 * :day / :users)`
const USERS = `insert into users (id, email, email_normalized, name, password_hash, is_active,
    email_verified_at, auth_epoch, created_at, updated_at, last_login_at)
  select uuid(created), email, email, name, :hash, i % 1000 < 990, iif(i % 10 < 8, created, null), 1,
    created, created, :now - i % 29 * :day
  from (select i, ${CREATED} as created, first(i) || '.' || last(i / 20) || i || '@example.com' as email,
    upper(substr(first(i), 1, 1)) || substr(first(i), 2) || ' ' || upper(substr(last(i / 20), 1, 1))
      || substr(last(i / 20), 2) as name from n)`
const ROLES = `insert into user_roles (user_id, role_id, granted_at)
  select users.id, roles.id, created_at
  from n cross join users on users.rowid = i + 1 cross join roles on roles.name = 'user'`

// All in the last 29 days, of 30 that they may last. The last of each user is used, of the others one in ten was ended.
const SESSIONS = `insert into user_sessions (id, user_id, refresh_token_hash,
    previous_refresh_token_hash, issued_at, rotated_at, last_used_at, expires_at, user_agent, ip,
    network, revoked_at, revoked_reason)
  select uuid(issued), users.id, token(43), iif(i % 4 > 0, token(43), null), issued,
    iif(i % 4 > 0, used, null), used, issued + 30 * :day, agent(i),
    '203.0.' || (i % 256) || '.' || (i / 256 % 256), '203.0.' || (i % 256) || '.0/24',
    iif(i < :sessions - :users and i % 10 = 0, used, null),
    iif(i < :sessions - :users and i % 10 = 0, 'logout', null)
  from (select i, issued, iif(i < :sessions - :users, issued + 3600000, max(issued, :now - i % 6 * :day)) as used
    from (select i, :now - 29 * :day + i * (29 * :day / :sessions) as issued from n))
  cross join users on users.rowid = i * :stride % :users + 1`

const EVENT = `insert into audit_events (id, occurred_at, type, outcome, actor_id, subject_id,
    session_id, request_id, personal, personal_salt, personal_digest)
  select uuid(time), time, type, outcome, actor, subject, session, uuid(time), personal, token(22), digest(personal)`
const PERSONAL = `'{"detail":{},"ip":"203.0.' || (i % 256) || '.' || (i / 256 % 256)
  || '","user_agent":"' || agent(i) || '"}' as personal`
const SIGNUPS = `${EVENT} from (select i, created_at as time, 'user_signed_up' as type,
    'success' as outcome, users.id as actor, users.id as subject, uuid(created_at) as session, ${PERSONAL}
  from n cross join users on users.rowid = i + 1)`
// One in a hundred failed.
const LOGINS = `${EVENT} from (select i, issued_at as time,
    iif(i % 100 = 0, 'login_failed', 'login_succeeded') as type,
    iif(i % 100 = 0, 'failure', 'success') as outcome, iif(i % 100 = 0, null, user_id) as actor,
    user_id as subject, iif(i % 100 = 0, null, user_sessions.id) as session, ${PERSONAL}
  from n cross join user_sessions on user_sessions.rowid = :users + i + 1)`

const numbers = (count: string) =>
  `with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ${count})`
/** What is there beside them at any time, and not due. */
const LEFTOVERS = [
  `${numbers(':users / 20')} insert into login_attempts
    select token(43), 1, :now, uuid(:now), :now + 24 * 3600000 + 0 * :day from n`,
  `${numbers(':users / 50')} insert into revocations
    select 'revoked:session:' || uuid(:now), '1', :now + 900000 + 0 * :day, :now from n`,
  `${numbers(':users / 10')} insert into one_time_tokens (id, user_id, purpose, email, key_id,
      token_hash, created_at, expires_at)
    select uuid(:now), users.id, 'verify_email', users.email, token(8), token(43), :now - :day / 2, :now + :day
    from n cross join users on users.rowid = i * 10 + 1`,
  `${numbers(':users / 1000')} insert into outbox (id, channel, type, user_id, email, occurred_at,
      expires_at, attempts, next_attempt_at)
    select uuid(:now), 'mail', 'new_device', users.id, users.email, :now, :now + :day, 3, :now + 3600000
    from n cross join users on users.rowid = i * 1000 + 1`,
  `${numbers(':users / 100')} insert into api_keys (id, user_id, name, permissions, secret_hash, created_at)
    select uuid(:now), users.id, 'Report', '["users:read"]', token(43), :now - :day
    from n cross join users on users.rowid = i * 100 + 1`,
]
