import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test } from 'vitest'
import { failAfterCommit } from '../../platform/bindings'
import { createClient, refusal } from '../../platform/client'
import { sentMails } from '../../platform/mails'
import { row, rows } from '../../platform/records'
import { CHANGES, leaving, OWN_CHANGES, send } from './changes'

// A change and the row that records it are one: neither is there without the other, and a batch that runs
// twice after an unclear commit leaves what one run would have.

const STATE_TABLES = [
  'users',
  'roles',
  'permissions',
  'role_permissions',
  'user_roles',
  'user_sessions',
  'one_time_tokens',
  'revocations',
  'outbox',
  'audit_events',
]

async function state() {
  const tables = await Promise.all(
    STATE_TABLES.map((table) => rows(`select * from ${table} order by 1, 2`)),
  )
  return Object.fromEntries(STATE_TABLES.map((table, index) => [table, tables[index]]))
}

describe('failing to record it, nothing has happened', () => {
  afterEach(async () => {
    await env.DB.exec('drop trigger if exists no_audit')
  })

  const all = [...CHANGES, ...OWN_CHANGES, { name: 'leaving', prepare: leaving }]
  test.each(all)('$name', async ({ prepare }) => {
    const call = await prepare()
    const before = await state()
    await env.DB.exec(
      `create trigger no_audit before insert on audit_events begin select raise(abort, 'NOT NULL constraint failed: audit_events.id'); end`,
    )
    expect(refusal(await send(call))).toBe('500 internal_error')
    expect(await state()).toEqual(before)
  })
})

describe('run twice after an unclear commit, it has happened once', () => {
  test.each(CHANGES)('$name', async ({ name, prepare }) => {
    const call = await prepare()
    const { events } = await row('select count(*) as events from audit_events')
    const { told } = await row('select count(*) as told from outbox')
    // A login's first round trip reads.
    const unclear = failAfterCommit('d1', name === 'login' ? 1 : 0)
    const answer = await send(call, createClient({ interfere: unclear }))
    if (name === 'a reuse') expect(answer.status).toBe(401)
    else expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
    const after = await row('select count(*) as events from audit_events')
    expect(after['events']).toBe(Number(events) + 1)
    if (name === 'forcing a password reset') {
      const live = await rows(`select id from one_time_tokens where used_at is null
        and user_id = (select subject_id from audit_events order by seq desc limit 1)`)
      expect(live).toHaveLength(1)
    }
    const isTold = /user|signup|abling|roles|stepping|forcing/.test(name)
    expect((await row('select count(*) as told from outbox'))['told']).toBe(
      Number(told) + (isTold ? 1 : 0),
    )
    const epochs = await rows(
      `select auth_epoch from users join audit_events on subject_id = users.id
        where seq = (select max(seq) from audit_events)`,
    )
    for (const { auth_epoch } of epochs) expect(Number(auth_epoch)).toBeLessThanOrEqual(2)
  })
})

describe('of one’s own account, too', () => {
  const count = async () =>
    row(`select (select count(*) from audit_events) as events,
    (select count(*) from outbox where channel = 'event') as told`)

  test.each(OWN_CHANGES)('$name', async ({ prepare, index, told, mails }) => {
    const call = await prepare()
    const before = await count()
    const mailsBefore = sentMails().length
    const answer = await send(call, createClient({ interfere: failAfterCommit('d1', index) }))
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
    expect(await count()).toEqual({
      events: Number(before['events']) + 1,
      told: Number(before['told']) + (told ? 1 : 0),
    })
    expect(sentMails().length - mailsBefore).toBe(mails)
  })

  test('leaving', async () => {
    const call = await leaving()
    const before = await count()
    const answer = await send(call, createClient({ interfere: failAfterCommit('d1', 1) }))
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    expect(Number((await count())['events'])).toBe(Number(before['events']) + 2)
  })
})
