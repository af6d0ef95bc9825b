import { createHash, createPrivateKey, sign } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { AUDIT_KEY, emptyTrail, findings, seal, sealedTrail } from '../platform/audit'
import { createClient } from '../platform/client'
import { PASSWORD, signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

const client = createClient()

beforeEach(emptyTrail)

describe('the personal part', () => {
  const erase = (seq: unknown) =>
    rows('update audit_events set personal = null, personal_salt = null where seq = ?', seq)
  const key = createPrivateKey({ key: AUDIT_KEY, format: 'jwk' })
  /** As the service records it, or as somebody would who has no key. */
  const recordErasure = (subjectId: unknown, isSigned = true) => {
    const body = {
      erased_at: 7,
      public_key: AUDIT_KEY.x,
      statement: 'personal_data_erased',
      subject_id: subjectId,
      version: 1,
    }
    const signature = isSigned
      ? sign(null, Buffer.from(JSON.stringify(body)), key).toString('base64url')
      : 'A'.repeat(86)
    const detail = { erased_at: '7', public_key: AUDIT_KEY.x, signature }
    const personal = JSON.stringify({ detail })
    return rows(
      `insert into audit_events (id, occurred_at, type, outcome, subject_id, personal, personal_salt, personal_digest)
        values (?, ?, 'personal_data_erased', 'success', ?, ?, '', ?)`,
      crypto.randomUUID(),
      Date.now(),
      subjectId,
      personal,
      createHash('sha256').update(personal).digest('base64url'),
    )
  }

  test('may be gone only where a sealed erasure of that person, after it, says so', async () => {
    const { seqs, events } = await sealedTrail()
    const missing = `event ${seqs[0]}: its personal part was removed, with no personal_data_erased`
    await erase(seqs[0])
    expect(await findings()).toEqual([missing])
    await recordErasure(events[1]?.['subject_id'])
    await seal()
    expect(await findings(), 'of another person').toEqual([missing])
    await recordErasure(events[0]?.['subject_id'], false)
    await seal()
    expect(await findings(), 'that nobody signed').toEqual([missing])
    await recordErasure(events[0]?.['subject_id'])
    expect(await findings(), 'not sealed yet').toEqual([missing])
    await seal()
    expect(await findings()).toEqual([])
  })

  test('may not be moved into the salt', async () => {
    const { seqs } = await sealedTrail()
    await rows(
      `update audit_events set personal_salt = personal_salt || personal, personal = '' where seq = ?`,
      seqs[3],
    )
    expect(await findings()).toEqual([`event ${seqs[3]}: its personal part was changed`])
  })

  test('of an event after the erasure may not', async () => {
    const person = await signUpPerson(client)
    await recordErasure(person.userId)
    await client.post('/auth/login', { body: { email: person.email, password: PASSWORD } })
    await seal()
    const { seq } = await row(`select max(seq) as seq from audit_events`)
    await erase(seq)
    expect(await findings()).toEqual([
      `event ${seq}: its personal part was removed, with no personal_data_erased`,
    ])
  })
})
