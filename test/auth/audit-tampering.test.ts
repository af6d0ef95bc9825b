import { env } from 'cloudflare:workers'
import { generateKeyPairSync, sign } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  AUDIT_KEY,
  emptyTrail,
  findings,
  forgetChain,
  HEAD_MISSING,
  pinned,
  seal,
  sealedTrail,
  verifyTrail,
} from '../platform/audit'
import { createClient } from '../platform/client'
import { signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

const client = createClient()

beforeEach(emptyTrail)

describe('what was done to a sealed event is named', () => {
  test.each([
    ['occurred_at', 'occurred_at + 1'],
    ['type', `'login_succeeded'`],
    ['outcome', `'failure'`],
    ['actor_id', 'null'],
    ['subject_id', `subject_id || 'x'`],
    ['session_id', `'x'`],
    ['request_id', `substr(request_id, 2)`],
    ['id', `'y' || substr(id, 2)`],
    ['personal_digest', `personal_digest || 'x'`],
    ['subject_personal_digest', `subject_personal_digest || 'x'`],
    // As of an event recorded before there were two parts.
    ['subject_personal_digest', 'null'],
  ])('%s changed', async (column, value) => {
    const { seqs } = await sealedTrail()
    await rows(`update audit_events set ${column} = ${value} where seq = ?`, seqs[2])
    expect(await findings()).toEqual([`event ${seqs[2]}: changed`])
  })

  test.each([
    ['actor', 'personal', `replace(personal, '192.0.2.1', '192.0.2.2')`],
    ['actor', 'personal_salt', `'x'`],
    ['subject', 'subject_personal', `'{"detail":{"reason":"none"}}'`],
    ['subject', 'subject_personal_salt', `'x'`],
  ])('of the %s: %s changed', async (whose, column, value) => {
    const { seqs } = await sealedTrail()
    await rows(`update audit_events set ${column} = ${value} where seq = ?`, seqs[7])
    expect(await findings()).toEqual([`event ${seqs[7]}: the part of its ${whose} was changed`])
  })

  test('removed, first, last and in the middle', async () => {
    const { seqs } = await sealedTrail()
    const gone = [seqs[0], seqs[3], seqs[4], seqs[9]]
    for (const seq of gone) await rows('delete from audit_events where seq = ?', seq)
    expect(await findings()).toEqual(gone.map((seq) => `event ${seq}: removed`))
  })

  test('inserted, into a gap and before everything', async () => {
    const { seqs } = await sealedTrail()
    // As versions before the two parts left them, where a batch ran twice.
    await rows(`update audit_events set subject_personal = null, subject_personal_salt = null,
      subject_personal_digest = null`)
    await rows(`update audit_events set seq = seq + 10000 where seq > ?`, seqs[4])
    await forgetChain()
    await seal()
    expect(await findings()).toEqual([])
    const copy = (seq: number) =>
      rows(
        `insert into audit_events select ?1, 'copy-' || ?1, occurred_at, type, outcome, actor_id, subject_id,
          session_id, request_id, personal, personal_salt, personal_digest, null, null, null
          from audit_events where seq = ?2`,
        seq,
        seqs[0],
      )
    await copy(Number(seqs[4]) + 1)
    await copy(0)
    expect(await findings()).toEqual([
      'event 0: inserted before the first checkpoint',
      `event ${Number(seqs[4]) + 1}: inserted after the sealing`,
    ])
  })

  test('two swapped', async () => {
    const { seqs } = await sealedTrail()
    const [a, b] = [Number(seqs[1]), Number(seqs[6])]
    await rows('update audit_events set seq = -1 where seq = ?', a)
    await rows('update audit_events set seq = ? where seq = ?', a, b)
    await rows('update audit_events set seq = ? where seq = -1', b)
    expect(await findings()).toEqual([`event ${a}: changed`, `event ${b}: changed`])
  })
})

describe('what was done to a checkpoint is named', () => {
  async function change(assignment: string, ...values: unknown[]) {
    const { checkpoints } = await sealedTrail()
    const from = Number(checkpoints[1]?.['from_seq'])
    await rows(`update audit_checkpoints set ${assignment} where from_seq = ${from}`, ...values)
    return `checkpoint ${from} to ${checkpoints[1]?.['to_seq']}`
  }
  const FORGED = 'forged or changed, its signature is not of a pinned key'

  test('its time, its signature or its key changed', async () => {
    expect([`${await change('sealed_at = sealed_at - 1')}: ${FORGED}`]).toEqual(await findings())
    await emptyTrail()
    expect([`${await change(`signature = 'AAAA'`)}: ${FORGED}`]).toEqual(await findings())
  })

  test('signed anew, by a key that is not pinned, over events changed to fit', async () => {
    const { seqs, checkpoints } = await sealedTrail()
    await rows(`update audit_events set type = 'login_succeeded' where seq = ?`, seqs[9])
    const forger = generateKeyPairSync('ed25519')
    const { x, d } = forger.privateKey.export({ format: 'jwk' })
    await rows('delete from audit_checkpoints where from_seq = ?', checkpoints[1]?.['from_seq'])
    await env.REVOCATIONS.delete('audit:head')
    const AUDIT_SIGNING_KEY = JSON.stringify({ kty: 'OKP', crv: 'Ed25519', x, d })
    await seal({ AUDIT_SIGNING_KEY, AUDIT_TRUSTED_KEYS: AUDIT_KEY.x })
    const name = `checkpoint ${checkpoints[1]?.['from_seq']} to ${seqs[9]}`
    expect(await findings()).toEqual([`${name}: ${FORGED}`])
    expect(await findings({ publicKeys: pinned(AUDIT_KEY.x, String(x)) })).toEqual([])

    // The same under the name of the pinned key.
    const { sealed_at, previous_head, head, from_seq, to_seq } = await row(
      'select * from audit_checkpoints where from_seq = ?',
      checkpoints[1]?.['from_seq'],
    )
    const body = { from_seq, head, previous_head, public_key: AUDIT_KEY.x, sealed_at }
    const text = JSON.stringify({ ...body, statement: 'audit_checkpoint', to_seq, version: 1 })
    const signature = sign(null, Buffer.from(text), forger.privateKey).toString('base64url')
    await rows(
      'update audit_checkpoints set public_key = ?, signature = ? where from_seq = ?',
      AUDIT_KEY.x,
      signature,
      from_seq,
    )
    expect(await findings()).toEqual([`${name}: ${FORGED}`])
  })

  test('its digests changed to fit a changed event', async () => {
    const { seqs } = await sealedTrail()
    await rows(`update audit_events set outcome = 'failure' where seq = ?`, seqs[8])
    const from = Number(seqs[4]) + 1
    const { event_digests } = await row(
      'select event_digests from audit_checkpoints where from_seq = ?',
      from,
    )
    const digests: [number, string][] = JSON.parse(String(event_digests))
    const forged = digests.map(([seq, digest]) => [seq, seq === seqs[8] ? `A${digest}` : digest])
    await rows(
      'update audit_checkpoints set event_digests = ? where from_seq = ?',
      JSON.stringify(forged),
      from,
    )
    const name = `checkpoint ${from} to ${seqs[9]}`
    expect(await findings()).toEqual([`${name}: its list of digests does not lead to its head`])
  })

  test('removed: the first, one in the middle', async () => {
    const { seqs } = await sealedTrail()
    await signUpPerson(client)
    await seal()
    await rows('delete from audit_checkpoints where to_seq = ?', seqs[9])
    const next = Number(seqs[9]) + 1
    expect(await findings()).toEqual([
      `checkpoint ${next} to ${next}: does not continue the one before it`,
    ])
    await rows('delete from audit_checkpoints where from_seq < ?', next)
    expect(await findings()).toEqual([
      ...seqs.map((seq) => `event ${seq}: inserted before the first checkpoint`),
      `events before ${next}: removed, with no signed audit_pruned`,
    ])
  })

  test('cut off or set back: only a head from before tells', async () => {
    const { seqs } = await sealedTrail()
    const { head } = await verifyTrail()
    expect(await findings({ expectHead: head })).toEqual([])
    await rows('delete from audit_events where seq > ?', seqs[4])
    await rows('delete from audit_checkpoints where to_seq > ?', seqs[4])
    expect(await findings()).toEqual([])
    const CUT = [HEAD_MISSING]
    expect(await findings({ expectHead: head })).toEqual(CUT)
    // Whoever does that sets back the counter too: else the next event shows it.
    await rows(`update sqlite_sequence set seq = ? where name = 'audit_events'`, seqs[4])
    await signUpPerson(client)
    await seal()
    expect(await findings()).toEqual([])
    expect(await findings({ expectHead: head })).toEqual(CUT)
  })
})

describe('what no checkpoint covers', () => {
  test('events that should have been sealed by now', async () => {
    await sealedTrail()
    await signUpPerson(client)
    const { seq } = await row('select max(seq) as seq from audit_events')
    expect(await findings({ now: Date.now() + 600_000 })).toEqual([])
    expect(await findings({ now: Date.now() + 600_001 })).toEqual([
      `1 events from ${seq} on: not sealed in ten minutes`,
    ])
  })

  test('nothing sealed at all, and an event of a number that the service does not give', async () => {
    await signUpPerson(client)
    await rows('update audit_events set seq = -5')
    expect(await findings()).toEqual([
      'event -5: inserted, the service counts from 1',
      'there is no checkpoint: nothing is sealed',
    ])
  })
})
