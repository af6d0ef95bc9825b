import { beforeEach, describe, expect, test } from 'vitest'
import { emptyTrail, findings, forgetChain, seal, sealedTrail } from '../platform/audit'
import { failAfterCommit, interrupt } from '../platform/bindings'
import { createClient } from '../platform/client'
import { PASSWORD, signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

// The service leaves no number of an event out, so that one that is missing was removed before it was sealed.

const client = createClient()

beforeEach(emptyTrail)

const numbers = async () =>
  (await rows('select seq from audit_events order by seq')).map(({ seq }) => Number(seq))

async function remove(person: { userId: string }) {
  const { seq } = await row('select seq from audit_events where subject_id = ?', person.userId)
  await rows('delete from audit_events where subject_id = ?', person.userId)
  return Number(seq)
}

test('an event that was removed before its sealing is named, before it and after', async () => {
  await sealedTrail()
  await signUpPerson(client)
  const seq = await remove(await signUpPerson(client))
  await signUpPerson(client)
  expect(await findings()).toEqual([`event ${seq}: removed before the sealing`])
  await seal()
  expect(await findings()).toEqual([`event ${seq}: removed before the sealing`])
})

test('so are several, and the first after a checkpoint', async () => {
  const { seqs } = await sealedTrail()
  const first = await remove(await signUpPerson(client))
  const second = await remove(await signUpPerson(client))
  expect([first, second]).toEqual([Number(seqs[9]) + 1, Number(seqs[9]) + 2])
  await signUpPerson(client)
  const found = [`events ${first} to ${second}: removed before the sealing`]
  expect(await findings()).toEqual(found)
  await seal()
  expect(await findings()).toEqual(found)
})

test('so is the first of all', async () => {
  const seq = await remove(await signUpPerson(client))
  expect(seq).toBe(1)
  await signUpPerson(client)
  await seal()
  expect(await findings()).toEqual(['event 1: removed before the sealing'])
})

test('an event that was removed after its sealing is named once, as that', async () => {
  const { seqs } = await sealedTrail()
  await rows('delete from audit_events where seq = ?', seqs[4])
  await rows('delete from audit_events where seq = ?', seqs[5])
  expect(await findings()).toEqual([`event ${seqs[4]}: removed`, `event ${seqs[5]}: removed`])
})

test('after events of versions that left some out a gap is no finding', async () => {
  const { seqs } = await sealedTrail()
  const toOnePart = `update audit_events set subject_personal = null, subject_personal_salt = null,
    subject_personal_digest = null where seq <= ?`
  await rows(toOnePart, seqs[4])
  await rows('update audit_events set seq = seq + 1000 where seq > ?', seqs[4])
  await forgetChain()
  await seal()
  expect(await findings()).toEqual([])
  await rows('update audit_events set seq = seq + 1000 where seq > ?', Number(seqs[6]) + 1000)
  await forgetChain()
  await seal()
  expect(await findings()).toEqual([
    `events ${Number(seqs[6]) + 1001} to ${Number(seqs[7]) + 1999}: removed before the sealing`,
  ])
})

describe('honest work leaves no number out', () => {
  const unclear = (index: number) => createClient({ interfere: failAfterCommit('d1', index) })

  test('where a batch runs twice', async () => {
    const person = await signUpPerson(unclear(0))
    const body = { email: person.email, password: PASSWORD }
    for (const index of [0, 1]) {
      expect((await unclear(index).post('/auth/login', { body })).status).toBe(200)
    }
    const { access_token: token } = person.session
    const renamed = await unclear(0).patch('/auth/me', { token, body: { name: 'New' } })
    expect(renamed.status).toBe(200)
    // Of one permission only the first is recorded.
    for (const [index, path] of ['/admin/users', '/admin/roles'].entries()) {
      expect((await unclear(index).get(path, { token })).status).toBe(403)
    }
    await signUpPerson(client)
    expect(await numbers()).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test('where somebody else’s event comes between the two runs', async () => {
    const between = () => signUpPerson(client)
    await signUpPerson(createClient({ interfere: interrupt('d1', 0, between) }))
    await signUpPerson(client)
    expect(await numbers()).toEqual([1, 2, 3])
  })

  test('where a batch is refused, or fails', async () => {
    const { email } = await signUpPerson(client)
    await client.post('/auth/signup', { body: { email, password: PASSWORD } })
    await rows(
      `create trigger refuse before insert on user_roles begin select raise(abort, 'no'); end`,
    )
    const answer = await client.post('/auth/signup', {
      body: { email: 'another@example.com', password: PASSWORD },
    })
    await rows('drop trigger refuse')
    expect(answer.status).toBeGreaterThanOrEqual(500)
    await signUpPerson(client)
    expect(await numbers()).toEqual([1, 2])
  })
})
