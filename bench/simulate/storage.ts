// How many bytes of the database a row of each table takes, its share of the indexes and of half-empty pages included:
// the real schema in SQLite's own accounts (dbstat), filled with rows as long as those of the service.
//   node bench/simulate/storage.ts [users]

import { randomBytes, randomUUID } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const users = Number(process.argv[2] ?? 20_000)
const database = new DatabaseSync(':memory:')
const migrations = path.join(import.meta.dirname, '../../migrations')
for (const file of globSync('*.sql', { cwd: migrations }).toSorted()) {
  database.exec(readFileSync(path.join(migrations, file), 'utf8'))
}

const hash = () => randomBytes(32).toString('base64url')
const START = Date.parse('2026-11-01T12:00:00Z')
// As crypto/uuid.ts makes them: the time stands first, so that rows come in the order of their ids.
const idAt = (time: number) => {
  const stamp = time.toString(16).padStart(12, '0')
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${randomUUID().slice(15)}`
}
const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'
const PASSWORD = `$pbkdf2-sha256-chain$v=1$i=100000,r=6,k=1$${'s'.repeat(22)}$${'t'.repeat(43)}`
const ROLE = '01935000-0000-7000-8000-000000000001'

function insert(table: string, row: Readonly<Record<string, string | number | null>>): void {
  const names = Object.keys(row)
  const marks = names.map(() => '?').join(', ')
  database
    .prepare(`insert into ${table} (${names.join(', ')}) values (${marks})`)
    .run(...Object.values(row))
}

function addUser(id: string, now: number): void {
  const email = `${randomUUID().slice(0, 14)}@example.com`
  insert('users', {
    id,
    email,
    email_normalized: email,
    name: 'Ada Lovelace',
    password_hash: PASSWORD,
    is_active: 1,
    created_at: now,
    updated_at: now,
    last_login_at: now,
  })
  insert('user_roles', { user_id: id, role_id: ROLE, granted_by: null, granted_at: now })
}

function addSession(userId: string, sessionId: string, now: number): void {
  insert('user_sessions', {
    id: sessionId,
    user_id: userId,
    refresh_token_hash: hash(),
    previous_refresh_token_hash: hash(),
    issued_at: now,
    rotated_at: now,
    last_used_at: now,
    expires_at: now + 2_592_000_000,
    user_agent: AGENT,
    ip: '203.0.113.207',
    network: '203.0.113.0/24',
  })
}

function addEvent(userId: string, sessionId: string, now: number): void {
  insert('audit_events', {
    id: idAt(now),
    occurred_at: now,
    type: 'login_succeeded',
    outcome: 'success',
    actor_id: userId,
    subject_id: userId,
    session_id: sessionId,
    request_id: idAt(now),
    personal: JSON.stringify({ detail: {}, ip: '203.0.113.207', user_agent: AGENT }),
    personal_salt: hash().slice(0, 22),
    personal_digest: hash(),
  })
}

function addShortLived(sessionId: string, now: number): void {
  insert('login_attempts', {
    key: hash(),
    failures: 1,
    last_attempted_at: now,
    last_attempt_id: idAt(now),
    window_ends_at: now + 86_400_000,
  })
  insert('revocations', {
    key: `revoked:session:${sessionId}`,
    value: '1',
    expires_at: now + 3_720_000,
    published_at: now,
  })
}

database.exec('begin')
for (let user = 0; user < users; user++) {
  const now = START + user * 1000
  const [userId, sessionId] = [idAt(now), idAt(now)]
  addUser(userId, now)
  addSession(userId, sessionId, now)
  addEvent(userId, sessionId, now)
  addShortLived(sessionId, now)
}
database.exec('commit')

const sizes = database
  .prepare(
    `select sqlite_schema.tbl_name as name, sum(pgsize) as bytes from dbstat
     join sqlite_schema on sqlite_schema.name = dbstat.name group by 1 order by 2 desc`,
  )
  .all()
for (const { name, bytes } of sizes) {
  const each = Number(bytes) / users
  if (each > 1) console.log(`${String(name).padEnd(20)}${Math.round(each)} bytes a row`)
}
