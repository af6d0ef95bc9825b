import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { AUDIT_KEY, emptyTrail, findings, seal, sealedTrail, verifyTrail } from '../platform/audit'
import { fail } from '../platform/bindings'
import { createClient, runScheduledJob } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedEvents } from '../platform/logs'
import { signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

const client = createClient()
const DAY = 86_400

beforeEach(emptyTrail)

describe('retention', () => {
  const prune = () => seal({ AUDIT_RETENTION_DAYS: '30' })

  test('drops whole checkpoints, a day at once, and what is left verifies', async () => {
    const { seqs } = await sealedTrail()
    advanceSeconds(31 * DAY - 10)
    await prune()
    expect(await rows('select seq from audit_events')).toHaveLength(10)
    await signUpPerson(client)
    await seal()
    advanceSeconds(20)
    await prune()
    expect(await row('select min(seq) as first from audit_events')).toEqual({
      first: Number(seqs[9]) + 1,
    })
    expect(await findings()).toEqual([])
    await prune()
    expect(await findings()).toEqual([])
    expect(loggedEvents('audit_pruned')).toMatchObject([{ through_seq: seqs[9], events: 10 }])
    const { subject_personal } = await row(
      `select subject_personal from audit_events where type = 'audit_pruned'`,
    )
    expect(JSON.parse(String(subject_personal)).detail.through_seq).toBe(String(seqs[9]))
  })

  test('the last checkpoint stays, however old: the next goes on from it', async () => {
    const { seqs } = await sealedTrail()
    advanceSeconds(400 * DAY)
    await prune()
    expect(await row('select min(from_seq) as first from audit_checkpoints')).toEqual({
      first: Number(seqs[4]) + 1,
    })
    expect(await findings()).toEqual([])
  })

  test('nor does the one whose head KV still has: sealing would not go on without it', async () => {
    await sealedTrail()
    advanceSeconds(31 * DAY)
    await signUpPerson(client)
    // The next head is not noted.
    const AUDIT_SIGNING_KEY = JSON.stringify(AUDIT_KEY)
    const away = fail('kv', 1, 'KV PUT failed: 500')
    await runScheduledJob(away, { AUDIT_SIGNING_KEY, AUDIT_RETENTION_DAYS: '30' })
    expect(loggedEvents('audit_head_not_noted')).toHaveLength(1)
    advanceSeconds(60)
    await signUpPerson(client)
    await prune()
    expect(loggedEvents('audit_not_sealed')).toEqual([])
    expect(await verifyTrail()).toMatchObject({ findings: [], unsealed: 1 })
    await prune()
    expect(loggedEvents('audit_pruned').map(({ events }) => events)).toEqual([5, 5])
  })

  test('what somebody made look old is not pruned, nor signed for', async () => {
    const { seqs } = await sealedTrail()
    await rows('update audit_checkpoints set sealed_at = 0 where to_seq = ?', seqs[4])
    await prune()
    expect(await rows('select seq from audit_events')).toHaveLength(10)
    expect(loggedEvents('audit_not_pruned')).toMatchObject([{ level: 'ERROR' }])
  })

  test('nor where only the last of what is to go was made to look old', async () => {
    await signUpPerson(client)
    await seal()
    advanceSeconds(32 * DAY)
    for (let part = 0; part < 2; part++) {
      await signUpPerson(client)
      await seal()
      advanceSeconds(1)
    }
    await rows(`update audit_checkpoints set sealed_at = 0 where from_seq =
      (select from_seq from audit_checkpoints order by from_seq limit 1 offset 1)`)
    await prune()
    expect(await rows('select seq from audit_events')).toHaveLength(3)
    expect(loggedEvents('audit_not_pruned')).toMatchObject([{ level: 'ERROR' }])
  })

  test('without a time, or without the key, everything stays', async () => {
    await sealedTrail()
    await signUpPerson(client)
    advanceSeconds(4000 * DAY)
    await seal()
    await runScheduledJob(undefined, { AUDIT_RETENTION_DAYS: '30' })
    expect(await rows('select seq from audit_events')).toHaveLength(11)
  })

  test('a pruning that nobody signed explains nothing', async () => {
    const { seqs, checkpoints } = await sealedTrail()
    const { head, signature } = checkpoints[0] ?? {}
    const detail = { through_seq: String(seqs[4]), head, public_key: AUDIT_KEY.x, signature }
    const personal = JSON.stringify({ detail })
    await rows(
      `insert into audit_events (id, occurred_at, type, outcome, personal, personal_salt, personal_digest)
        values ('forged', ?, 'audit_pruned', 'success', ?, '', ?)`,
      Date.now(),
      personal,
      createHash('sha256').update(personal).digest('base64url'),
    )
    await seal()
    await rows('delete from audit_events where seq <= ?', seqs[4])
    await rows('delete from audit_checkpoints where to_seq = ?', seqs[4])
    expect(await findings()).toEqual([
      `events before ${Number(seqs[4]) + 1}: removed, with no signed audit_pruned`,
    ])
  })
})
