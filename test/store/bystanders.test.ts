import { beforeAll, describe, expect, test } from 'vitest'
import { ACCOUNT_FLOWS } from '../faults/account-flows'
import { ADMINISTRATION_FLOWS } from '../faults/administration-flows'
import { type Flow, send } from '../faults/flow'
import { MACHINE_FLOWS } from '../faults/machine-flows'
import { SESSION_FLOWS } from '../faults/session-flows'
import { readState } from '../faults/state'
import { createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo } from '../platform/mails'
import { logInAgain, newEmail, PASSWORD, verifiedPerson } from '../platform/people'
import { rows } from '../platform/records'
import { titleOf } from './endings'

// Whatever somebody does, and whatever is done to them, the rows of somebody else stay as they are. The bystander has
// a row of every kind that a statement could reach by forgetting whose rows it is about.

const by = createClient({ ip: '192.0.2.200', userAgent: 'bystander/1' })
let userId = ''

beforeAll(async () => {
  const person = await verifiedPerson(by)
  userId = person.userId
  const next = newEmail()
  const { access_token: first } = person.session
  const change = { password: PASSWORD, new_email: next }
  await by.post('/auth/change-email', { token: first, body: change })
  const confirm = { token: lastTokenTo(next) }
  await by.post('/auth/change-email/confirm', { token: first, body: confirm })
  advanceSeconds(61)
  const owner = { email: next, password: PASSWORD }
  const { access_token: token } = await logInAgain(by, owner)
  await logInAgain(by, owner)
  await by.post('/auth/api-keys', { token, body: { name: 'Machine' } })
  await by.post('/auth/forgot-password', { body: { email: next } })
  await by.post('/auth/change-email', { token, body: { ...change, new_email: newEmail() } })
  await rows(
    `insert into user_roles select ?, id, null, 0 from roles where name = 'analyst'`,
    userId,
  )
  await rows(
    `insert into outbox select null, id || channel, channel, type, ?1, email, null, 0, 1e15, 0, 1e15 from (
      select hex(randomblob(8)) as id, 'mail' as channel, 'new_device' as type, 'a@example.com' as email
      union all select hex(randomblob(8)), 'event', 'user_renamed', null)`,
    userId,
  )
  await rows('insert into departures values (?, 0, 1e15)', userId)
})

/** Their rows, by table. */
async function theirs(): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const { tables } = await readState()
  const own = Object.entries(tables).map(([table, all]) => [
    table,
    all.filter((row) => Object.values(row).includes(userId)),
  ])
  return Object.fromEntries(own)
}

test('the bystander has rows of every kind', async () => {
  const links = await rows(
    'select purpose from one_time_tokens where user_id = ? and used_at is null order by purpose',
    userId,
  )
  expect(links).toEqual(
    ['change_email', 'reset_password', 'undo_email_change'].map((purpose) => ({ purpose })),
  )
  const kinds = Object.entries(await theirs()).filter(([, own]) => own.length > 0)
  expect(kinds.map(([table]) => table)).toEqual([
    'api_keys',
    'audit_events',
    'departures',
    'mail_requests',
    'one_time_tokens',
    'outbox',
    'user_roles',
    'user_sessions',
    'users',
  ])
})

const FLOWS: readonly Flow[] = [
  ...SESSION_FLOWS,
  ...ACCOUNT_FLOWS,
  ...MACHINE_FLOWS,
  ...ADMINISTRATION_FLOWS,
]

describe('is not touched by', () => {
  test.each(FLOWS.map((flow) => [titleOf(flow), flow] as const))('%s', async (_title, flow) => {
    const call = await flow.prepare()
    const before = await theirs()
    const { always: interfere, vars = {} } = flow
    const answer = await send(call, createClient({ vars, ...(interfere && { interfere }) }))
    expect(answer.status).toBeLessThan(500)
    expect(await theirs()).toEqual(before)
  })
})
