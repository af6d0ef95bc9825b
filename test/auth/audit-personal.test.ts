import { env } from 'cloudflare:workers'
import { createHash, createPrivateKey, sign } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { AUDIT_KEY, emptyTrail, findings, seal, sealedTrail } from '../platform/audit'
import { createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { PASSWORD, signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

const client = createClient()

beforeEach(emptyTrail)

const key = createPrivateKey({ key: AUDIT_KEY, format: 'jwk' })
const sorted = (value: object) =>
  JSON.stringify(Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))))

/** An erasure as the service records it, or as somebody would who has no key; without parts, as versions before did. */
function recordErasure(subjectId: unknown, parts?: string, isSigned = true) {
  const said = { erased_at: 7, public_key: AUDIT_KEY.x, ...(parts !== undefined && { parts }) }
  const statement = {
    ...said,
    statement: 'personal_data_erased',
    subject_id: subjectId,
    version: 1,
  }
  const signature = isSigned
    ? sign(null, Buffer.from(sorted(statement)), key).toString('base64url')
    : 'A'.repeat(86)
  const personal = JSON.stringify({ detail: { ...said, erased_at: '7', signature } })
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

const erase = (part: 'personal' | 'subject_personal', seq: unknown) =>
  rows(`update audit_events set ${part} = null, ${part}_salt = null where seq = ?`, seq)
const missing = (whose: string, seq: unknown) =>
  `event ${seq}: the part of its ${whose} was removed, with no personal_data_erased`

/** A sealed event of these people, and a check of what explains that a part of it is gone. */
async function sealedEvent(event: {
  actor: string | null
  subject: string | null
  type?: string
  hasOnePart?: boolean
}) {
  await signUpPerson(client)
  if (event.hasOnePart) {
    await rows(`update audit_events set subject_personal = null, subject_personal_salt = null,
      subject_personal_digest = null`)
  }
  await rows(
    'update audit_events set actor_id = ?, subject_id = ?, type = ?',
    event.actor,
    event.subject,
    event.type ?? 'login_succeeded',
  )
  await seal()
  const { seq } = await row('select max(seq) as seq from audit_events')
  const isExplainedBy = async (subjectId: string, parts?: string) => {
    await recordErasure(subjectId, parts)
    await seal()
    expect(await rows('select seq from audit_events where seq > ?', seq)).toHaveLength(1)
    const isExplained = (await findings()).length === 0
    // The next one is asked about alone.
    await rows('delete from audit_checkpoints where from_seq > ?', seq)
    await rows('delete from audit_events where seq > ?', seq)
    await rows(`update sqlite_sequence set seq = ? where name = 'audit_events'`, seq)
    await env.REVOCATIONS.delete('audit:head')
    advanceSeconds(1)
    return isExplained
  }
  return { seq, isExplainedBy }
}

describe('a part may be gone only where a sealed erasure, after it, says so', () => {
  test.each([
    ['actor', 'personal', 'actor'],
    ['subject', 'subject_personal', 'subject'],
  ] as const)('of the %s', async (whose, column, parts) => {
    const { seqs, events } = await sealedTrail()
    const [person, other] = [events[0]?.['subject_id'], events[1]?.['subject_id']]
    const found = [missing(whose, seqs[0])]
    await erase(column, seqs[0])
    expect(await findings()).toEqual(found)
    await recordErasure(other, parts)
    await seal()
    expect(await findings(), 'of another person').toEqual(found)
    await recordErasure(person, parts, false)
    await seal()
    expect(await findings(), 'that nobody signed').toEqual(found)
    await recordErasure(person, whose === 'actor' ? 'subject' : 'actor')
    await seal()
    expect(await findings(), 'of the other part').toEqual(found)
    await recordErasure(person, parts)
    expect(await findings(), 'not sealed yet').toEqual(found)
    await seal()
    expect(await findings()).toEqual([])
  })

  test('the actor’s by an erasure of the actor, not of the subject', async () => {
    const { seq, isExplainedBy } = await sealedEvent({ actor: 'admin', subject: 'person' })
    await erase('personal', seq)
    expect(await isExplainedBy('person', 'actor')).toBe(false)
    expect(await isExplainedBy('person', 'routine subject')).toBe(false)
    expect(await isExplainedBy('admin', 'subject')).toBe(false)
    expect(await isExplainedBy('admin', 'routine subject')).toBe(false)
    expect(await isExplainedBy('admin', 'actor')).toBe(true)
  })

  test('the subject’s by an erasure of the subject, not of the actor', async () => {
    const { seq, isExplainedBy } = await sealedEvent({ actor: 'admin', subject: 'person' })
    await erase('subject_personal', seq)
    expect(await isExplainedBy('admin', 'actor subject')).toBe(false)
    expect(await isExplainedBy('person', 'actor')).toBe(false)
    expect(await isExplainedBy('person')).toBe(false)
    expect(await isExplainedBy('person', 'routine subject')).toBe(true)
  })

  test('the actor’s where nobody is known to have acted, by an erasure of the subject as actor', async () => {
    const { seq, isExplainedBy } = await sealedEvent({ actor: null, subject: 'person' })
    await erase('personal', seq)
    expect(await isExplainedBy('person', 'routine subject')).toBe(false)
    expect(await isExplainedBy('person', 'actor')).toBe(true)
  })

  test.each([
    ['user_renamed', 'person', true],
    ['email_verification_requested', null, true],
    ['user_renamed', 'admin', false],
    ['password_changed', 'person', false],
  ])('%s by %s goes with what is routine: %s', async (type, actor, isExplained) => {
    const { seq, isExplainedBy } = await sealedEvent({ actor, subject: 'person', type })
    await erase('personal', seq)
    expect(await isExplainedBy('person', 'routine subject')).toBe(isExplained)
    expect(await isExplainedBy('admin', 'routine subject')).toBe(false)
  })

  test('the one part of an event of before by any erasure of either', async () => {
    const people = { actor: 'admin', subject: 'person' }
    const { seq, isExplainedBy } = await sealedEvent({ ...people, hasOnePart: true })
    expect(await findings()).toEqual([])
    await erase('personal', seq)
    expect(await findings()).toEqual([
      `event ${seq}: its personal part was removed, with no personal_data_erased`,
    ])
    expect(await isExplainedBy('somebody else')).toBe(false)
    for (const id of ['admin', 'person']) {
      for (const parts of [undefined, 'routine subject', 'actor']) {
        expect(await isExplainedBy(id, parts), `${id} ${parts}`).toBe(true)
      }
    }
  })
})

test('a part may not be moved into its salt', async () => {
  const { seqs } = await sealedTrail()
  await rows(
    `update audit_events set personal_salt = personal_salt || personal, personal = '' where seq = ?`,
    seqs[3],
  )
  await rows(
    `update audit_events set subject_personal_salt = subject_personal_salt || subject_personal,
      subject_personal = '' where seq = ?`,
    seqs[6],
  )
  expect(await findings()).toEqual([
    `event ${seqs[3]}: the part of its actor was changed`,
    `event ${seqs[6]}: the part of its subject was changed`,
  ])
})

test('a part of an event after the erasure may not be gone', async () => {
  const person = await signUpPerson(client)
  await recordErasure(person.userId, 'actor subject')
  await client.post('/auth/login', { body: { email: person.email, password: PASSWORD } })
  await seal()
  const { seq } = await row(`select max(seq) as seq from audit_events`)
  await erase('personal', seq)
  await erase('subject_personal', seq)
  expect(await findings()).toEqual([missing('actor', seq), missing('subject', seq)])
})
