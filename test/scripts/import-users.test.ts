import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { exportUsers } from '../../scripts/export-users'
import { type ImportTarget, importUsers } from '../../scripts/import-users'
import { findings, query, seal } from '../platform/audit'
import { createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { FOREIGN_HASHES } from '../platform/foreign-hashes'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

const client = createClient()
const BCRYPT = FOREIGN_HASHES['bcrypt $2b$']

const target: ImportTarget = {
  query,
  run: async (statements) => {
    await env.DB.batch(statements.map((statement) => env.DB.prepare(statement)))
  },
}

type Line = Readonly<Record<string, unknown>> | string

async function importLines(lines: readonly Line[], { run = target.run } = {}) {
  const reasons: string[] = []
  advanceSeconds(1)
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  const result = await importUsers(
    texts,
    { query, run },
    {
      now: Date.now(),
      onRefused: (line, reason) => reasons.push(`line ${line}: ${reason}`),
    },
  )
  return { ...result, reasons }
}

const newLine = (more: object = {}) => ({
  email: newEmail(),
  created_at: '2021-05-04T09:30:00Z',
  ...more,
})

async function exported(withHashes = true): Promise<string[]> {
  const lines: string[] = []
  for await (const line of exportUsers(query, withHashes)) lines.push(line)
  return lines
}

const everything = async () => [
  await rows('select * from users order by id'),
  await rows('select * from user_roles order by user_id, role_id'),
  await rows('select * from audit_events order by seq'),
  await rows('select * from outbox order by seq'),
]

describe('a user who comes in', () => {
  test('has what the line says, logs in with the old password, and is in the audit trail', async () => {
    const line = {
      id: 'user-42',
      email: 'Anna.Old@Bücher.example',
      name: 'Anna',
      created_at: '2021-05-04T11:30:00+02:00',
      is_active: true,
      email_verified: true,
      roles: ['user', 'analyst'],
      password_hash: BCRYPT,
    }
    expect(await importLines([line])).toMatchObject({ imported: 1, unchanged: 0, refused: 0 })
    const body = { email: 'anna.old@bücher.example', password: PASSWORD }
    expect(sessionOf(await client.post('/auth/login', { body })).user).toMatchObject({
      id: 'user-42',
      email: 'Anna.Old@xn--bcher-kva.example',
      name: 'Anna',
      email_verified: true,
      roles: ['analyst', 'user'],
      created_at: '2021-05-04T09:30:00.000Z',
    })
    // Tokens of the replaced system know an account as theirs by it.
    expect(await row(`select auth_epoch from users where id = 'user-42'`)).toEqual({
      auth_epoch: 0,
    })
    const event = await row(
      `select * from audit_events where subject_id = 'user-42' and type = 'user_imported'`,
    )
    expect(event).toMatchObject({ actor_id: null, outcome: 'success' })
    expect(JSON.parse(String(event['subject_personal'])).detail).toEqual({ roles: 'analyst user' })
    await seal()
    expect(await findings()).toEqual([])
  })

  test('by the least there can be: active, unverified, a user, and without a password', async () => {
    const { email } = newLine()
    await importLines([newLine({ email })])
    expect(await row('select * from users where email = ?', email)).toMatchObject({
      name: null,
      password_hash: null,
      is_active: 1,
      email_verified_at: null,
      last_login_at: null,
    })
    const roles = `select roles.name from user_roles join roles on roles.id = role_id
      join users on users.id = user_id where email = ?`
    expect(await rows(roles, email)).toEqual([{ name: 'user' }])
    const body = { email, password: PASSWORD }
    expect(refusal(await client.post('/auth/login', { body }))).toBe('401 invalid_credentials')
  })

  test('disabled, stays disabled', async () => {
    const { email } = newLine()
    await importLines([newLine({ email, is_active: false, password_hash: BCRYPT })])
    const body = { email, password: PASSWORD }
    expect(refusal(await client.post('/auth/login', { body }))).toBe('403 account_disabled')
  })

  test.each(["'); drop table users; --", 'BEGIN TRANSACTION; COMMIT;', '日本 \u{1F511} "\\" [x]'])(
    'called %s',
    async (name) => {
      const { email } = newLine()
      let sql = ''
      const run: ImportTarget['run'] = async (statements) => {
        sql = statements.join('')
        await target.run(statements)
      }
      expect(await importLines([newLine({ email, name })], { run })).toMatchObject({ imported: 1 })
      expect(await row('select name from users where email = ?', email)).toEqual({ name })
      // Wrangler takes the text apart before SQLite does.
      expect(sql).not.toMatch(/;|BEGIN TRANSACTION/)
    },
  )
})

describe('again', () => {
  test('changes nothing, whatever has become of them; and those who are new come in', async () => {
    const lines = [newLine({ password_hash: BCRYPT }), newLine({ id: 'again-1' }), newLine()]
    await importLines(lines)
    const body = { email: lines[0]?.email, password: PASSWORD }
    sessionOf(await client.post('/auth/login', { body }))
    await rows(`update users set name = 'Another' where id = 'again-1'`)
    const before = await everything()
    expect(await importLines(lines)).toMatchObject({ imported: 0, unchanged: 3, refused: 0 })
    expect(await everything()).toEqual(before)
    expect(await importLines([...lines, newLine()])).toMatchObject({ imported: 1, unchanged: 3 })
  })

  test('does not bring back who has deleted their account here', async () => {
    const line = newLine({ password_hash: BCRYPT })
    await importLines([line])
    const body = { email: line.email, password: PASSWORD }
    const { access_token: token } = sessionOf(await client.post('/auth/login', { body }))
    await client.send('DELETE', '/auth/me', { token, body: { password: PASSWORD } })
    expect((await importLines([line])).reasons).toEqual([
      'line 1: the account has been deleted here',
    ])
  })

  test('after a failure: a transaction that fails leaves nothing, and the next run goes on', async () => {
    // One more than go into one transaction.
    const lines = Array.from({ length: 5001 }, () => newLine())
    let transactions = 0
    const run: ImportTarget['run'] = (statements) =>
      target.run(
        ++transactions === 2 ? [...statements, 'insert into nowhere values (1)'] : statements,
      )
    const before = (await rows('select id from users')).length
    await expect(importLines(lines, { run })).rejects.toThrow('nowhere')
    expect((await rows('select id from users')).length).toBe(before + 5000)
    expect(await importLines(lines)).toMatchObject({ imported: 1, unchanged: 5000, refused: 0 })
    expect(
      await rows(`select id from users where id not in (select user_id from user_roles)`),
    ).toEqual([])
  })
})

describe('refused, and the rest comes in', () => {
  test.each([
    ['no JSON', '{', 'Invalid input: expected object, received null'],
    ['an unknown field', newLine({ is_admin: true }), 'Unrecognized key: "is_admin"'],
    [
      'no email',
      { created_at: '2021-05-04T09:30:00Z' },
      'email: Invalid input: expected string, received undefined',
    ],
    ['an email that is none', newLine({ email: 'anna' }), 'email: must be an email address'],
    [
      'a time that is none',
      newLine({ created_at: '2021' }),
      'created_at: must be a time such as 2021-05-04T09:30:00Z',
    ],
    [
      'a flag in words',
      newLine({ is_active: 'yes' }),
      'is_active: Invalid input: expected boolean, received string',
    ],
    ['a name of two lines', newLine({ name: 'a\nb' }), 'name: contains an invalid character'],
    [
      'an id with a space',
      newLine({ id: 'a b' }),
      'id: must be 1 to 128 letters, digits or any of _.@:+-',
    ],
    ['a role that there is not', newLine({ roles: ['user', 'king'] }), 'roles: there is no king'],
    [
      'a password in the clear',
      newLine({ password_hash: PASSWORD }),
      'password_hash: of no form that is known, or malformed',
    ],
    [
      'a hash that is too dear',
      newLine({ password_hash: BCRYPT.replace('06', '15') }),
      'password_hash: bcrypt: cost 15 is above 14',
    ],
  ])('%s', async (_name, line, reason) => {
    const result = await importLines([line, '', newLine()])
    expect(result).toMatchObject({ imported: 1, refused: 1, reasons: [`line 1: ${reason}`] })
    expect(JSON.stringify(result)).not.toContain(PASSWORD)
  })

  test('an email or id twice in the file, however it is spelled', async () => {
    const first = { ...newLine(), id: `twice-${crypto.randomUUID()}` }
    const lines = [first, newLine({ email: first.email.toUpperCase() }), newLine({ id: first.id })]
    expect(await importLines(lines)).toMatchObject({
      imported: 1,
      refused: 2,
      reasons: ['line 2: has the id or email of line 1', 'line 3: has the id or email of line 1'],
    })
  })

  test('an email or id that somebody has here already', async () => {
    const { email, userId } = await signUpPerson(client)
    const { reasons } = await importLines([newLine({ email }), newLine({ id: userId })])
    expect(reasons).toEqual([
      'line 1: email: is that of an account with another id',
      'line 2: id: is that of an account with another email',
    ])
  })

  test('an email that somebody takes while the import runs', async () => {
    const line = newLine()
    const run: ImportTarget['run'] = async (statements) => {
      await client.post('/auth/signup', { body: { email: line.email, password: PASSWORD } })
      await target.run(statements)
    }
    expect(await importLines([line, newLine()], { run })).toMatchObject({
      imported: 1,
      reasons: ['line 1: was taken meanwhile'],
    })
    const ofLine = `select type from audit_events where type = 'user_imported'
      and subject_id = (select id from users where email = ?)`
    expect(await rows(ofLine, line.email)).toEqual([])
  })
})

describe('export', () => {
  test.each([true, false])('and import give the same users, hashes: %s', async (withHashes) => {
    await signUpPerson(client)
    const hashes = Object.values(FOREIGN_HASHES).map((password_hash) => newLine({ password_hash }))
    const others = [
      newLine({ name: 'Zoë', roles: [], is_active: false, email_verified: true }),
      newLine({ roles: ['admin', 'user'], last_login_at: '2026-01-31T23:59:59.999Z' }),
    ]
    await importLines([...hashes, ...others])
    const before = await exported(withHashes)
    const users = await rows(
      'select id, email, email_normalized, name, is_active, created_at, last_login_at from users order by id',
    )
    await rows('delete from users')
    await rows('delete from audit_events')
    expect(await importLines(before)).toMatchObject({ imported: before.length, refused: 0 })
    expect(await exported(withHashes)).toEqual(before)
    expect(
      await rows(
        'select id, email, email_normalized, name, is_active, created_at, last_login_at from users order by id',
      ),
    ).toEqual(users)
    expect(before.some((line) => line.includes('password_hash'))).toBe(withHashes)
  })
})
