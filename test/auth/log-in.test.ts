import { describe, expect, test } from 'vitest'
import { failAfterCommit, type Interference } from '../platform/bindings'
import { createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedEvents } from '../platform/logs'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { eventTypes, row, rows, sessionRows, setActive } from '../platform/records'

const client = createClient()

const logIn = (email: string, password = PASSWORD, by = client) =>
  by.post('/auth/login', { body: { email, password } })

/** Something that happens while the password is being derived: between the two round trips. */
function meanwhile(action: () => Promise<unknown>): Interference {
  return async (call, proceed) => {
    if (call.store === 'd1' && call.index === 1) await action()
    return proceed()
  }
}

describe('the right password', () => {
  test('starts another session and moves last_login_at', async () => {
    const { email, userId, session } = await signUpPerson(client)
    advanceSeconds(60)
    const first = sessionOf(await logIn(email))
    expect(first.user.last_login_at).toBe('2026-11-01T12:01:00.000Z')
    advanceSeconds(60)
    expect(sessionOf(await logIn(email)).user.last_login_at).toBe('2026-11-01T12:02:00.000Z')
    expect(await sessionRows(userId)).toHaveLength(3)
    expect((await client.get('/auth/me', { token: session.access_token })).status).toBe(200)
    expect(await eventTypes(userId)).toEqual([
      'user_signed_up',
      'login_succeeded',
      'login_succeeded',
    ])
  })

  test('brings an old hash up to date, once', async () => {
    const { email, userId } = await signUpPerson(client)
    const dearer = createClient({ vars: { PASSWORD_ITERATIONS: '11000' } })
    await logIn(email, PASSWORD, dearer)
    const { password_hash } = await row('select password_hash from users where id = ?', userId)
    expect(password_hash).toContain('i=11000,r=6')
    expect((await logIn(email, PASSWORD, dearer)).cost.derivations).toBe(6)
    expect((await logIn(email)).status).toBe(200)
  })
})

describe('refused', () => {
  test('unknown email and wrong password alike, headers and all', async () => {
    const { email } = await signUpPerson(client)
    const [wrong, unknown] = [await logIn(email, 'wrong'), await logIn(newEmail(), 'wrong')]
    const comparable = ({ status, headers, body }: typeof wrong) => {
      const { 'x-request-id': id, ...rest } = Object.fromEntries(headers)
      return JSON.stringify([status, rest, body]).replaceAll(id ?? '', 'id')
    }
    expect(refusal(wrong)).toBe('401 invalid_credentials')
    expect(comparable(unknown)).toBe(comparable(wrong))
  })

  test('what is no credential at all', async () => {
    for (const body of [
      {},
      { email: 'x' },
      { email: newEmail(), password: '' },
      { email: newEmail(), password: ['a'] },
    ]) {
      expect(refusal(await client.post('/auth/login', { body }))).toBe('400 validation_failed')
    }
  })

  test('a disabled account, told only to who knows its password', async () => {
    const { email, userId } = await signUpPerson(client)
    await setActive(userId, false)
    expect(refusal(await logIn(email, 'wrong'))).toBe('401 invalid_credentials')
    expect(refusal(await logIn(email))).toBe('403 account_disabled')
    expect(await sessionRows(userId)).toHaveLength(1)
    expect(await eventTypes(userId)).toEqual(['user_signed_up', 'login_failed', 'login_failed'])
  })

  test('an account without a password, and one whose hash cannot be read', async () => {
    const { email, userId } = await signUpPerson(client)
    await row('update users set password_hash = null where id = ? returning id', userId)
    await logIn(email)
    const passwordless = await logIn(email)
    expect(refusal(passwordless)).toBe('401 invalid_credentials')
    await row(`update users set password_hash = 'plaintext' where id = ? returning id`, userId)
    const unreadable = await logIn(email)
    expect(refusal(unreadable)).toBe('401 invalid_credentials')
    expect(unreadable.cost).toEqual(passwordless.cost)
    expect(loggedEvents('password_hash_unusable')).toMatchObject([
      { level: 'ERROR', user_id: userId },
    ])
  })

  test('failures are recorded, for whom where that is known', async () => {
    const { email, userId } = await signUpPerson(client)
    await logIn(email, 'wrong')
    const event = await row(
      `select * from audit_events where type = 'login_failed' and subject_id = ?`,
      userId,
    )
    expect(event).toMatchObject({ outcome: 'failure', actor_id: null, session_id: null })
    expect(JSON.parse(String(event['personal']))).toEqual({
      ip: '192.0.2.1',
      user_agent: 'test-agent/1',
    })
    expect(JSON.parse(String(event['subject_personal']))).toEqual({
      detail: { reason: 'wrong_password', failures: '1' },
    })
  })
})

test('a burst of right passwords while a rehash is due: all of them log in', async () => {
  const { email, userId } = await signUpPerson(client)
  const dearer = createClient({ vars: { PASSWORD_ITERATIONS: '11000' } })
  const answers = await Promise.all(Array.from({ length: 5 }, () => logIn(email, PASSWORD, dearer)))
  expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200))
  expect(await sessionRows(userId)).toHaveLength(6)
  expect(await eventTypes(userId)).not.toContain('login_failed')
})

async function reasons(userId: string): Promise<unknown[]> {
  const events = await rows(
    `select subject_personal from audit_events where type = 'login_failed' and subject_id = ?`,
    userId,
  )
  return events.map(({ subject_personal }) => JSON.parse(String(subject_personal)).detail.reason)
}

describe('what lands during the derivation wins', () => {
  test('a disable', async () => {
    const { email, userId } = await signUpPerson(client)
    const raced = createClient({ interfere: meanwhile(() => setActive(userId, false)) })
    expect(refusal(await logIn(email, PASSWORD, raced))).toBe('403 account_disabled')
    expect(await sessionRows(userId)).toHaveLength(1)
    expect(await reasons(userId)).toEqual(['account_disabled'])
  })

  test('a change of password', async () => {
    const { email, userId } = await signUpPerson(client)
    const change = () => rows(`update users set password_hash = 'another' where id = ?`, userId)
    const raced = createClient({ interfere: meanwhile(change) })
    expect(refusal(await logIn(email, PASSWORD, raced))).toBe('401 invalid_credentials')
    expect(await sessionRows(userId)).toHaveLength(1)
    expect(await row('select password_hash from users where id = ?', userId)).toEqual({
      password_hash: 'another',
    })
    expect(await reasons(userId)).toEqual(['wrong_password'])
  })

  test('two changes of password: the second verification is the last', async () => {
    const { email, userId } = await signUpPerson(client)
    const { password_hash: mine } = await row(
      'select password_hash from users where id = ?',
      userId,
    )
    const flicker: Interference = async (call, proceed) => {
      if (call.index % 2 === 1)
        await rows(`update users set password_hash = 'x' where id = ?`, userId)
      const result = await proceed()
      if (call.index % 2 === 1)
        await rows('update users set password_hash = ? where id = ?', mine, userId)
      return result
    }
    const answer = await logIn(email, PASSWORD, createClient({ interfere: flicker }))
    expect(refusal(answer)).toBe('401 invalid_credentials')
    expect(answer.cost).toMatchObject({ d1: 4, derivations: 12 })
    expect(loggedEvents('refused').at(-1)).toMatchObject({ reason: 'password_changed_meanwhile' })
  })

  test('a deletion', async () => {
    const { email, userId } = await signUpPerson(client)
    const raced = createClient({
      interfere: meanwhile(() => rows('delete from users where id = ?', userId)),
    })
    expect(refusal(await logIn(email, PASSWORD, raced))).toBe('401 invalid_credentials')
  })
})

test('a commit that was not heard of is not made twice', async () => {
  const { email, userId } = await signUpPerson(client)
  const unlucky = createClient({ interfere: failAfterCommit('d1', 1) })
  const { access_token } = sessionOf(await logIn(email, PASSWORD, unlucky))
  expect((await client.get('/auth/me', { token: access_token })).status).toBe(200)
  expect(await sessionRows(userId)).toHaveLength(2)
  expect(await eventTypes(userId)).toEqual(['user_signed_up', 'login_succeeded'])
})
