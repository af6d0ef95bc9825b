import { describe, expect, test } from 'vitest'
import { createClient, refusal } from './platform/client'
import { FOREIGN_HASHES } from './platform/foreign-hashes'
import { logInAgain, refresh, signUpPerson } from './platform/people'
import { row, rows } from './platform/records'

// What the documentation tells an operator to run is run here.

const runbook = (heading: string, file = 'operations') => {
  const [, text = ''] = documents[`../docs/${file}.md`]?.split(`## ${heading}\n`) ?? []
  return [...(text.split('\n## ', 1)[0]?.matchAll(/```sql\n([\s\S]*?)```/g) ?? [])].map(
    ([, sql = '']) => sql,
  )
}

const documents = import.meta.glob<string>('../docs/*.md', {
  query: '?raw',
  eager: true,
  import: 'default',
})

const tests = import.meta.glob<string>('./**/*.test.ts', {
  query: '?raw',
  eager: true,
  import: 'default',
})

describe('each claim of docs/security.md', () => {
  const text = documents['../docs/security.md'] ?? ''
  const claims = text.split('\n').filter((line) => line.startsWith('- '))
  const named = [...text.matchAll(/\]\(\.\.\/test\/([^ )]+) "([^"]+)"\)/g)]

  test('names a test', () => {
    expect(claims.length).toBeGreaterThan(40)
    const ofClaims = text.split(/\n(?=- |\n|#|\*\*)/).filter((part) => part.startsWith('- '))
    for (const claim of ofClaims) expect(claim).toContain('](../test/')
  })

  test.each(named.map(([, file = '', title = '']) => [title, file]))('%s', (title, file) => {
    expect(tests[`./${file}`] ?? '', file).toContain(title)
  })
})

test('the runbook for a restored database ends every session and lets everybody in again', async () => {
  const client = createClient()
  const person = await signUpPerson(client)
  const [sql = ''] = runbook('Restoring the database')
  const statements = sql.split(';').filter((statement) => statement.trim() !== '')
  expect(statements).toHaveLength(2)
  for (const statement of statements) await rows(statement)

  const { access_token: token, refresh_token } = person.session
  expect(refusal(await client.get('/auth/me', { token }))).toBe('401 invalid_token')
  expect(refusal(await refresh(client, refresh_token))).toBe('401 invalid_refresh_token')
  expect(
    await row(
      'select typeof(revoked_at) as type from user_sessions where user_id = ?',
      person.userId,
    ),
  ).toEqual({
    type: 'integer',
  })
  const again = await logInAgain(client, person)
  expect((await client.get('/auth/verify', { token: again.access_token })).status).toBe(200)
})

test('the runbook for a pepper counts those under the old one, and takes their passwords away', async () => {
  const [count = '', takeAway = ''] = runbook('Replacing the pepper')
  const newer = { PASSWORD_PEPPER_V2: 'dGhlIHNlY29uZCBwZXBwZXIsIG9mIDMyIGJ5dGVzLi4=' }
  const [old, moved] = [await signUpPerson(createClient()), await signUpPerson(createClient())]
  await logInAgain(createClient({ vars: newer }), moved)
  const [left] = await rows(count)
  await rows(takeAway)
  expect(await rows(count)).toEqual([{ left_under_v1: 0 }])
  expect(Number(left?.['left_under_v1'])).toBeGreaterThan(0)
  const hash = (userId: string) => row('select password_hash from users where id = ?', userId)
  expect(await hash(old.userId)).toEqual({ password_hash: null })
  const onlyNewer = createClient({ vars: { ...newer, PASSWORD_PEPPER_V1: undefined } })
  await logInAgain(onlyNewer, moved)
})

test('the statement that ends imported hashes ends those, and no other', async () => {
  const [takeAway = ''] = runbook('How they are kept', 'moving-in')
  const [imported, ours] = [await signUpPerson(createClient()), await signUpPerson(createClient())]
  await rows(
    'update users set password_hash = ? where id = ?',
    FOREIGN_HASHES['bcrypt $2b$'],
    imported.userId,
  )
  await rows(takeAway)
  expect(await row('select password_hash from users where id = ?', imported.userId)).toEqual({
    password_hash: null,
  })
  await logInAgain(createClient(), ours)
})
