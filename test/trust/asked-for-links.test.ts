import { describe, expect, test } from 'vitest'
import { failAfterCommit, interrupt, preempt } from '../platform/bindings'
import { createClient, refusal, runScheduledJob } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo, mailsTo, refuseMails, tokenIn } from '../platform/mails'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { eventTypes, row, rows } from '../platform/records'

// Whoever asks for a link to somebody's address cannot keep its owner from one, nor learn whether there is an account.

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NEW = 'another horse, another battery'

const client = createClient()

let strangers = 0
const stranger = () => createClient({ ip: `10.60.${++strangers}.7` })

/** What it writes before its answer is there; nothing comes after it. */
const dying = createClient({
  interfere: (call, proceed) => (call.index > 0 ? Promise.reject(new Error('gone')) : proceed()),
})

const forgot = (email: string, by = client) => by.post('/auth/forgot-password', { body: { email } })
const resend = (email: string) => client.post('/auth/verify-email/resend', { body: { email } })
const reset = (token: string) =>
  client.post('/auth/reset-password', { body: { token, new_password: NEW } })
const verify = (token: string) =>
  client.post('/auth/verify-email', { body: { token, password: PASSWORD } })
const requestsOf = (userId: string) => rows('select * from mail_requests where user_id = ?', userId)
const asked = async (userId: string) =>
  (await eventTypes(userId)).filter((type) => type === 'password_reset_requested').length

describe('strangers who ask', () => {
  test('do not keep the owner from a link, neither that day nor the next', async () => {
    const { email, userId } = await signUpPerson(client)
    for (let minute = 0; minute < 5; minute++) {
      await forgot(email, stranger())
      advanceSeconds(MINUTE)
    }
    const first = lastTokenTo(email)
    expect(new Set(mailsTo(email).map(tokenIn))).toEqual(new Set([first]))
    advanceSeconds(31 * MINUTE)
    expect(refusal(await reset(first))).toBe('400 invalid_link')
    // Within the hour there is none; from then on there is one, hour by hour.
    await forgot(email)
    expect(mailsTo(email)).toHaveLength(5)
    for (let hour = 1; hour <= 22; hour++) {
      advanceSeconds(HOUR)
      await forgot(email, stranger())
      expect(mailsTo(email)).toHaveLength(5 + hour)
    }
    expect(await asked(userId)).toBe(27)
    advanceSeconds(DAY)
    await forgot(email, stranger())
    const older = lastTokenTo(email)
    advanceSeconds(21 * MINUTE)
    await forgot(email)
    const newest = lastTokenTo(email)
    expect(newest).not.toBe(older)
    const weak = { token: newest, new_password: 'short' }
    const refused = await client.post('/auth/reset-password', { body: weak })
    expect(refusal(refused)).toBe('400 weak_password')
    expect((await reset(older)).status).toBe(200)
    expect(refusal(await reset(newest))).toBe('400 invalid_link')
  })

  test.each([
    [20 * MINUTE, 'the same link', 1],
    [20 * MINUTE + 1, 'another one beside it', 2],
  ])('after %s s: %s', async (seconds, _what, links) => {
    const { email } = await signUpPerson(client)
    await forgot(email)
    advanceSeconds(seconds)
    await forgot(email, stranger())
    const tokens = [...new Set(mailsTo(email).map(tokenIn))]
    expect(tokens).toHaveLength(links)
    expect(mailsTo(email)).toHaveLength(2)
    for (const token of tokens) {
      const answer = await client.post('/auth/reset-password', {
        body: { token, new_password: 'short' },
      })
      expect(refusal(answer), 'each is good').toBe('400 weak_password')
    }
  })

  test('the sixth of a day is mailed an hour after the fifth, and recorded only then', async () => {
    const { email, userId } = await signUpPerson(client)
    for (let minute = 0; minute < 5; minute++) {
      advanceSeconds(MINUTE)
      await forgot(email, stranger())
    }
    for (const [seconds, mails] of [
      [HOUR - 1, 5],
      [1, 6],
      [HOUR - 1, 6],
      [1, 7],
    ] as const) {
      advanceSeconds(seconds)
      await forgot(email, stranger())
      expect([mailsTo(email).length, await asked(userId)]).toEqual([mails, mails])
    }
  })

  test('do not keep a link to verify from its owner either', async () => {
    const optional = createClient({ vars: { EMAIL_VERIFICATION: 'optional' } })
    const { email } = await signUpPerson(optional)
    const first = lastTokenTo(email)
    for (let minute = 0; minute < 4; minute++) {
      advanceSeconds(MINUTE)
      await resend(email)
    }
    expect(mailsTo(email).map(tokenIn)).toEqual(Array(5).fill(first))
    advanceSeconds(MINUTE)
    await resend(email)
    expect(mailsTo(email)).toHaveLength(5)
    advanceSeconds(HOUR)
    await resend(email)
    expect(mailsTo(email)).toHaveLength(6)
    // Ten minutes before its end there is another one, and both are good.
    advanceSeconds(DAY - 2 * HOUR + 51 * MINUTE)
    await resend(email)
    expect(lastTokenTo(email)).not.toBe(first)
    expect((await verify(first)).status).toBe(200)
  })

  test('a link of a secret that is gone is not mailed again: another one is', async () => {
    const { email } = await signUpPerson(client)
    await forgot(email)
    const first = lastTokenTo(email)
    advanceSeconds(MINUTE)
    const AUTH_SECRETS = `second-${'0123456789abcdef'.repeat(3)}`
    const rotated = createClient({ vars: { AUTH_SECRETS } })
    await forgot(email, rotated)
    const second = lastTokenTo(email)
    expect(second).not.toBe(first)
    const body = { token: second, new_password: NEW }
    expect((await rotated.post('/auth/reset-password', { body })).status).toBe(200)
  })

  test('a link to the address before is not mailed to the one now', async () => {
    const { email, userId } = await signUpPerson(client)
    await forgot(email)
    const first = lastTokenTo(email)
    const next = newEmail()
    await rows('update users set email = ?1, email_normalized = ?1 where id = ?2', next, userId)
    advanceSeconds(MINUTE)
    await forgot(next)
    expect(lastTokenTo(next)).not.toBe(first)
    expect((await reset(lastTokenTo(next))).status).toBe(200)
  })
})

describe('what is asked for', () => {
  test('is one row for an address, whoever has it, which names nobody', async () => {
    await rows('delete from mail_requests')
    const { email, userId } = await signUpPerson(client)
    const unknown = newEmail()
    for (const address of [email, unknown, email.toUpperCase(), unknown]) await forgot(address)
    const found = await rows('select * from mail_requests order by user_id')
    expect(found).toMatchObject([
      { user_id: null, purpose: 'reset_password', settled_at: Date.now() },
      { user_id: userId, purpose: 'reset_password', settled_at: Date.now() },
    ])
    expect(JSON.stringify(found)).not.toContain('@')
    await resend(email)
    expect(await requestsOf(userId)).toHaveLength(2)
  })

  test('is forgotten an hour after it was seen to, and not before', async () => {
    await rows('delete from mail_requests')
    await forgot(newEmail())
    advanceSeconds(HOUR - 1)
    await runScheduledJob()
    expect(await rows('select * from mail_requests')).toHaveLength(1)
    advanceSeconds(1)
    await runScheduledJob()
    expect(await rows('select * from mail_requests')).toEqual([])
  })

  test('is settled by the job where nothing came after the answer, however late, nobody’s too', async () => {
    await rows('delete from mail_requests')
    const { email, userId } = await signUpPerson(client)
    await forgot(email, dying)
    await forgot(newEmail(), dying)
    expect(await rows('select * from mail_requests where settled_at is null')).toHaveLength(2)
    advanceSeconds(2 * HOUR)
    await runScheduledJob()
    expect(await rows('select * from mail_requests where settled_at is null')).toEqual([])
    expect([mailsTo(email).length, await asked(userId)]).toEqual([1, 1])
  })

  test.each([
    ['left', 'delete from users where id = ?'],
    ['was disabled', 'update users set is_active = 0 where id = ?'],
    ['has verified', 'update users set email_verified_at = 1 where id = ?'],
    [
      'has another address',
      `update users set email = 'x' || email, email_normalized = 'x' || email where id = ?`,
    ],
  ])('by a user who %s since is settled and mails nothing', async (_what, change) => {
    const { email, userId } = await signUpPerson(client)
    const late = createClient({ interfere: preempt('d1', 1, () => rows(change, userId)) })
    await late.post('/auth/verify-email/resend', { body: { email } })
    expect(await requestsOf(userId)).toMatchObject([{ settled_at: Date.now() }])
    expect([...mailsTo(email), ...mailsTo(`x${email}`)]).toEqual([])
    expect(await eventTypes(userId)).not.toContain('email_verification_requested')
    expect(await rows('select * from one_time_tokens where user_id = ?', userId)).toEqual([])
  })
})

describe('D1 that runs a batch twice', () => {
  test('does not ask again for what was seen to between', async () => {
    const { email, userId } = await signUpPerson(client)
    const settle = () => rows('update mail_requests set settled_at = 7 where user_id = ?', userId)
    expect(
      (await forgot(email, createClient({ interfere: interrupt('d1', 0, settle) }))).status,
    ).toBe(202)
    expect(await requestsOf(userId)).toMatchObject([{ settled_at: 7 }])
    expect(mailsTo(email)).toEqual([])
  })

  test.each([
    ['nothing happens', async () => {}],
    ['the mail is sent', () => runScheduledJob()],
  ])('settles once, where between the runs %s', async (_what, act) => {
    const { email, userId } = await signUpPerson(client)
    await forgot(email, createClient({ interfere: interrupt('d1', 1, act) }))
    await runScheduledJob()
    expect([mailsTo(email).length, await asked(userId)]).toEqual([1, 1])
    const [limit] = await rows(
      'select mails from mail_limits order by last_mailed_at desc, rowid desc',
    )
    expect(limit).toEqual({ mails: 1 })
  })

  test('sends what it has claimed at once, though it was not told so', async () => {
    const { email, userId } = await signUpPerson(client)
    await forgot(email, createClient({ interfere: failAfterCommit('d1', 3) }))
    expect(mailsTo(email)).toHaveLength(1)
    expect(
      await rows(`select * from outbox where user_id = ? and channel = 'mail'`, userId),
    ).toEqual([])
  })
})

test('a mail that waits is not counted again when it is tried again', async () => {
  refuseMails(() => Promise.reject(new Error('down')))
  const { email } = await signUpPerson(client)
  await forgot(email)
  for (const minutes of [1, 2, 4]) {
    advanceSeconds(minutes * MINUTE)
    await runScheduledJob()
  }
  refuseMails(null)
  advanceSeconds(8 * MINUTE)
  await runScheduledJob()
  expect(mailsTo(email)).toHaveLength(1)
  expect((await reset(lastTokenTo(email))).status).toBe(200)
  expect((await row('select email from users where email = ?', email))['email']).toBe(email)
  expect((await client.post('/auth/login', { body: { email, password: PASSWORD } })).status).toBe(
    401,
  )
})
