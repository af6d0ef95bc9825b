import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { FOREIGN_HASHES } from '../platform/foreign-hashes.ts'
import { startServer } from './server.ts'

// Users in and out of the database of a running service, as an operator does it.

const SCRIPT = path.join(import.meta.dirname, '../../scripts/users.ts')
const PASSWORD = 'correct horse battery staple'
// Of that password, by libxcrypt.
const BCRYPT = '$2b$06$abcdefghijklmnopqrstuu10cNU3mXRamSUZYs8I8M/Szu..qXq5K'

let server: Awaited<ReturnType<typeof startServer>>
let folder: string
before(async () => {
  server = await startServer({})
  folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-users-'))
})
after(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server.stop()
})

async function users(...words: readonly string[]) {
  const command = [SCRIPT, ...words, '--persist-to', server.state]
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    output.out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    output.err += chunk
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, ...output }
}

const logIn = (email: string) =>
  fetch(`${server.origin}/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  })

test('in, logged in, and out again', async () => {
  const created_at = '2021-05-04T09:30:00.000Z'
  const lines = [
    { id: '42', email: "o'hara@example.com", name: '日本; --', created_at, password_hash: BCRYPT },
    { email: 'old@example.com', created_at, password_hash: '$2x$06$broken' },
  ]
  const file = path.join(folder, 'users.ndjson')
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))

  const first = await users('import', file)
  assert.equal(first.code, 1, first.err)
  assert.match(
    first.out,
    /^line 2: password_hash: bcrypt: \$2x\$ .*\n1 imported, 0 there already, 1 refused\.\n$/,
  )
  assert.match(first.err, /\[#{30}\] 2 of 2 lines/)
  assert.match((await users('import', file)).out, /0 imported, 1 there already, 1 refused/)

  assert.equal((await logIn("o'hara@example.com")).status, 200)

  const [exported = ''] = (await users('export', '--with-hashes')).out.split('\n')
  const { last_login_at, password_hash, ...user } = JSON.parse(exported)
  assert.deepEqual(user, {
    id: '42',
    email: "o'hara@example.com",
    name: '日本; --',
    created_at,
    is_active: true,
    email_verified: false,
    roles: ['user'],
  })
  assert.match(password_hash, /^\$pbkdf2-sha256-chain\$/)
  assert.ok(Date.parse(last_login_at) > Date.parse(created_at))
  assert.doesNotMatch((await users('export')).out, /password_hash/)
})

test('whatever made the hash, its password logs in', async () => {
  const created_at = '2021-05-04T09:30:00.000Z'
  const lines = Object.values(FOREIGN_HASHES).map((password_hash, index) => ({
    email: `moved-in-${index}@example.com`,
    created_at,
    password_hash,
  }))
  const file = path.join(folder, 'hashes.ndjson')
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  assert.match((await users('import', file)).out, new RegExp(`^${lines.length} imported`))
  for (const { email, password_hash } of lines) {
    assert.equal((await logIn(email)).status, 200, password_hash)
  }
})

test('a command that is none', async () => {
  assert.equal((await users('import')).code, 2)
  assert.equal((await users('export', 'file')).code, 2)
  assert.equal((await users('export', '--with-everything')).code, 2)
  assert.equal((await users('import', path.join(folder, 'nowhere.ndjson'))).code, 3)
  assert.match((await users('help')).out, /--with-hashes/)
})
