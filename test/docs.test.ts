import { expect, test } from 'vitest'
import { createClient, refusal } from './platform/client'
import { logInAgain, refresh, signUpPerson } from './platform/people'
import { row, rows } from './platform/records'

// What the documentation tells an operator to run is run here.

const documents = import.meta.glob<string>('../docs/*.md', {
  query: '?raw',
  eager: true,
  import: 'default',
})

test('the runbook for a restored database ends every session and lets everybody in again', async () => {
  const client = createClient()
  const person = await signUpPerson(client)
  const [, runbook = ''] =
    documents['../docs/operations.md']?.split('## Restoring the database') ?? []
  const [, sql = ''] = /```sql\n([\s\S]*?)```/.exec(runbook) ?? []
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
