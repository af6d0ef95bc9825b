import { expect, test } from 'vitest'
import { createClient, runScheduledJob } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedEvents } from '../platform/logs'
import { logInAgain, signUpPerson } from '../platform/people'
import { row, rows, sessionRows } from '../platform/records'

const client = createClient()

test('the job deletes what has expired and nothing that has not, and says how much', async () => {
  const gone = await signUpPerson(client)
  advanceSeconds(15 * 86_400)
  const kept = await signUpPerson(client)
  const ended = await logInAgain(client, kept)
  await client.post('/auth/logout', { token: ended.access_token })
  advanceSeconds(15 * 86_400)
  const now = Date.now()
  const last = await row(
    `update user_sessions set expires_at = ?1 + 1
      where id = (select max(id) from user_sessions where user_id = ?2) returning id`,
    now,
    kept.userId,
  )
  await rows(
    `insert into one_time_tokens (id, user_id, purpose, email, key_id, token_hash, created_at, expires_at)
      values ('old', ?1, 'verify_email', '', '', 'old', ?2 - 86400000, ?2),
        ('new', ?1, 'verify_email', '', '', 'new', 0, ?2 + 1),
        ('counted', ?1, 'verify_email', '', '', 'counted', ?2 - 86399999, ?2)`,
    kept.userId,
    now,
  )
  await rows('delete from login_attempts')
  await rows(
    `insert into login_attempts (key, failures, last_attempted_at, last_attempt_id, window_ends_at)
      values ('old', 1, 0, '', ?1), ('new', 1, 0, '', ?1 + 1)`,
    now,
  )
  await runScheduledJob()
  expect(loggedEvents('cleaned_up')).toMatchObject([
    { user_sessions: 1, one_time_tokens: 1, login_attempts: 1, revocations: 1 },
  ])
  expect(await sessionRows(gone.userId)).toEqual([])
  expect((await sessionRows(kept.userId)).map(({ id }) => id)).toContain(last['id'])
  expect(await sessionRows(kept.userId)).toHaveLength(2)
  expect(await rows('select id from one_time_tokens order by id')).toEqual([
    { id: 'counted' },
    { id: 'new' },
  ])
  expect(await rows('select key from login_attempts order by key')).toEqual([{ key: 'new' }])
  await runScheduledJob()
  expect(loggedEvents('cleaned_up')).toHaveLength(1)
})

test('one part failing leaves the other to its work, and is logged', async () => {
  await rows(`insert into revocations (key, value, expires_at) values ('past', '1', 0)`)
  await runScheduledJob((call, proceed) => {
    if (call.index === 0) throw new Error('D1_ERROR: D1 DB is overloaded')
    return proceed()
  })
  expect(await rows(`select key from revocations where key = 'past'`)).toEqual([])
  expect(loggedEvents('background_work_failed')).toMatchObject([{ work: 'publish_revocations' }])
})

test('a backlog goes in chunks', async () => {
  await rows(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < 1500)
      insert into revocations (key, value, expires_at) select 'old-' || i, '1', 0 from n`,
  )
  await runScheduledJob()
  expect(await rows(`select key from revocations where key like 'old-%'`)).toHaveLength(500)
  await runScheduledJob()
  expect(await rows(`select key from revocations where key like 'old-%'`)).toEqual([])
})
