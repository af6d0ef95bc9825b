import { env } from 'cloudflare:workers'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { both } from '../faults/faults'
import {
  AUDIT_KEY,
  emptyTrail,
  findings,
  pinned,
  seal,
  sealedTrail,
  verifyTrail,
} from '../platform/audit'
import { type Interference, staleReads } from '../platform/bindings'
import { createClient, runScheduledJob } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedEvents } from '../platform/logs'
import { signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

const client = createClient()

beforeEach(emptyTrail)

describe('sealing', () => {
  test('covers every event once, in order, and logs each head', async () => {
    const { seqs, checkpoints } = await sealedTrail()
    const [first, second] = checkpoints
    expect(first).toMatchObject({ from_seq: 1, to_seq: seqs[4], previous_head: '' })
    expect(second).toMatchObject({ from_seq: Number(seqs[4]) + 1, to_seq: seqs[9] })
    expect(second?.['previous_head']).toBe(first?.['head'])
    const heads = loggedEvents('audit_sealed').map(({ head }) => head)
    expect(heads).toEqual(checkpoints.map(({ head }) => head))
    expect(await verifyTrail()).toMatchObject({ checkpoints: 2, events: 10, unsealed: 0 })
    await signUpPerson(client)
    expect(await verifyTrail()).toMatchObject({ findings: [], events: 10, unsealed: 1 })
  })

  test('nothing new makes no checkpoint; without a key nothing is sealed', async () => {
    await sealedTrail()
    await seal()
    await signUpPerson(client)
    await runScheduledJob()
    expect(await rows('select from_seq from audit_checkpoints')).toHaveLength(2)
    expect(loggedEvents('background_work_failed')).toEqual([])
  })

  test('runs that overlap make one chain', async () => {
    for (let person = 0; person < 5; person++) await signUpPerson(client)
    await Promise.all([seal(), seal(), seal()])
    advanceSeconds(60)
    await signUpPerson(client)
    await Promise.all([seal(), seal()])
    expect(await verifyTrail()).toMatchObject({ findings: [], checkpoints: 2, events: 6 })
    expect(loggedEvents('background_work_failed')).toEqual([])
  })

  test('of two at once the one that is too late notes no head', async () => {
    await signUpPerson(client)
    // The late one has read fewer events than the other has sealed by the time that it adds its checkpoint.
    let pairs = 0
    const late: Interference = async (call, proceed) => {
      const isPair = call.store === 'd1' && call.size === 2
      if (isPair && ++pairs === 2) {
        await signUpPerson(client)
        await seal()
        advanceSeconds(2)
      }
      return proceed()
    }
    await runScheduledJob(both(late, staleReads(0)), {
      AUDIT_SIGNING_KEY: JSON.stringify(AUDIT_KEY),
    })
    const { head } = await row('select head from audit_checkpoints order by from_seq desc limit 1')
    expect(await env.REVOCATIONS.get('audit:head')).toBe(head)
    advanceSeconds(60)
    await signUpPerson(client)
    await seal()
    expect(loggedEvents('audit_not_sealed')).toEqual([])
    expect(await verifyTrail()).toMatchObject({ findings: [], unsealed: 0 })
    const logged = loggedEvents('audit_sealed').map((event) => event['head'])
    const stored = await rows('select head from audit_checkpoints order by from_seq')
    expect(logged).toEqual(stored.map((checkpoint) => checkpoint['head']))
  })

  test('a backlog goes in checkpoints of 500', async () => {
    await rows(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < 1234)
        insert into audit_events (id, occurred_at, type, outcome, personal, personal_salt, personal_digest)
        select 'event-' || i, i, 'login_failed', 'failure', '{}', '', ?1 from n`,
      createHash('sha256').update('{}').digest('base64url'),
    )
    await seal()
    expect(await verifyTrail()).toMatchObject({ findings: [], checkpoints: 3, events: 1234 })
  })
})

describe('a history that others wrote is not signed', () => {
  const REFUSED = (reason: string) => [{ level: 'ERROR', reason }]

  test('a checkpoint that is not of our key is not gone on from', async () => {
    await sealedTrail()
    await rows(
      `insert into audit_checkpoints values (1000000000, 1000000000, '[]', '', 'x', 0, '', '')`,
    )
    await signUpPerson(client)
    await seal()
    expect(loggedEvents('audit_not_sealed')).toMatchObject(REFUSED('last_checkpoint_not_authentic'))
    expect(await rows('select from_seq from audit_checkpoints')).toHaveLength(3)
  })

  test('nor a chain that has lost the head noted in KV', async () => {
    const { head } = await verifyTrail()
    await sealedTrail()
    await rows('delete from audit_checkpoints')
    await seal()
    expect(await rows('select from_seq from audit_checkpoints')).toEqual([])
    expect(loggedEvents('audit_not_sealed')).toMatchObject(REFUSED('noted_head_missing'))
    expect(head).toBe('')
    // What the runbook has the operator do after a restore.
    await env.REVOCATIONS.delete('audit:head')
    await seal()
    expect(await rows('select from_seq from audit_checkpoints')).toHaveLength(1)
  })

  test('a key that has signed before is trusted where the configuration says so', async () => {
    await signUpPerson(client)
    await seal()
    advanceSeconds(1)
    await signUpPerson(client)
    const next = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
    const { kty, crv, x, d } = next
    const AUDIT_SIGNING_KEY = JSON.stringify({ kty, crv, x, d })
    await seal({ AUDIT_SIGNING_KEY })
    expect(loggedEvents('audit_not_sealed')).toHaveLength(1)
    const { head } = await verifyTrail()
    await seal({ AUDIT_SIGNING_KEY, AUDIT_TRUSTED_KEYS: AUDIT_KEY.x })
    const both = pinned(AUDIT_KEY.x, String(x))
    expect(await verifyTrail({ publicKeys: both })).toMatchObject({ findings: [], checkpoints: 2 })
    const upTo = new Map([...both, [AUDIT_KEY.x, head]])
    expect(await findings({ publicKeys: upTo })).toEqual([])

    // Whoever has the old key goes on with it.
    await rows('delete from audit_checkpoints where public_key = ?', x)
    await env.REVOCATIONS.delete('audit:head')
    await seal()
    expect(await findings({ publicKeys: both })).toEqual([])
    const { from_seq, to_seq } = await row(
      'select * from audit_checkpoints order by 1 desc limit 1',
    )
    expect(await findings({ publicKeys: upTo })).toEqual([
      `checkpoint ${from_seq} to ${to_seq}: forged or changed, its signature is not of a pinned key`,
    ])
  })

  test('a key of which the parts do not belong together signs nothing', async () => {
    await signUpPerson(client)
    const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
    await seal({ AUDIT_SIGNING_KEY: JSON.stringify({ ...AUDIT_KEY, x }) })
    expect(await rows('select from_seq from audit_checkpoints')).toEqual([])
    expect(loggedEvents('background_work_failed')).toMatchObject([{ work: 'seal_audit_events' }])
  })
})
