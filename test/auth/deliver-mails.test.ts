import { describe, expect, test } from 'vitest'
import { fail, failAll, LOST_CONNECTION } from '../platform/bindings'
import { createClient, refusal, runScheduledJob } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedEvents, loggedText } from '../platform/logs'
import { lastTokenTo, mailsTo, refuseMails } from '../platform/mails'
import { signUpPerson } from '../platform/people'
import { eventTypes, row, rows } from '../platform/records'

const client = createClient()

const waiting = (userId: string) =>
  rows(`select * from outbox where channel = 'mail' and user_id = ?`, userId)

async function forgotten(by = client) {
  const person = await signUpPerson(client)
  const { email } = person
  expect((await by.post('/auth/forgot-password', { body: { email } })).status).toBe(202)
  return person
}

const reset = (token: string) =>
  client.post('/auth/reset-password', {
    body: { token, new_password: 'another horse, another battery' },
  })

describe('a mail that the provider does not take', () => {
  test.each([
    ['throws', async () => Promise.reject(new Error('no such mailbox: person@example.com'))],
    [
      'refuses with a code',
      async () => Promise.reject(Object.assign(new Error('x'), { code: 'E_RATE_LIMIT_EXCEEDED' })),
    ],
  ])('%s: the answer is the same, and the job sends it', async (_name, instead) => {
    refuseMails(instead)
    const { email, userId } = await forgotten()
    expect(await waiting(userId)).toHaveLength(1)
    expect(loggedEvents('mail_not_sent')).toHaveLength(1)
    expect(loggedText()).not.toContain('mailbox')
    refuseMails(null)
    await runScheduledJob()
    expect(mailsTo(email), 'not before its time').toEqual([])
    advanceSeconds(60)
    await runScheduledJob()
    expect(mailsTo(email)).toHaveLength(1)
    expect(await waiting(userId)).toEqual([])
    expect((await reset(lastTokenTo(email))).status).toBe(200)
  })

  test('for as long as it is of use; then an operator is told', async () => {
    refuseMails(() => Promise.reject(new Error('down')))
    const { email, userId } = await forgotten()
    for (let minute = 0; minute < 40; minute++) {
      advanceSeconds(60)
      await runScheduledJob()
    }
    expect(await waiting(userId)).toEqual([])
    const givenUp = loggedEvents('mail_given_up').filter(({ user_id }) => user_id === userId)
    expect(givenUp).toMatchObject([{ level: 'ERROR', type: 'reset_password', user_id: userId }])
    expect(await eventTypes(userId)).toContain('mail_given_up')
    expect(mailsTo(email)).toEqual([])
  })
})

test('a mail is given up and recorded at once, also where the commit was unclear', async () => {
  refuseMails(() => Promise.reject(new Error('down')))
  const { userId } = await forgotten()
  advanceSeconds(3600)
  let isUnclear = true
  await runScheduledJob(async (call, proceed) => {
    const result = await proceed()
    const isGivenUp = call.store === 'd1' && (await waiting(userId)).length === 0
    if (!isGivenUp || !isUnclear) return result
    isUnclear = false
    throw new Error(LOST_CONNECTION)
  })
  expect(await waiting(userId)).toEqual([])
  const givenUp = (await eventTypes(userId)).filter((type) => type === 'mail_given_up')
  expect(givenUp).toHaveLength(1)
  expect(loggedEvents('mail_given_up').filter(({ user_id }) => user_id === userId)).toHaveLength(1)
})

// Of the calls of a request for a link: what was asked for is written, then settled, then what is due is read.
const DIES_BEFORE_SETTLING = fail('d1', 1, 'gone')
const DIES_BEFORE_SENDING = fail('d1', 2, 'gone')

test('the Worker dies between the commit and the sending: the job sends it', async () => {
  const { email, userId } = await forgotten(createClient({ interfere: DIES_BEFORE_SENDING }))
  expect(mailsTo(email)).toEqual([])
  expect(await waiting(userId)).toMatchObject([{ attempts: 0 }])
  await runScheduledJob()
  expect(mailsTo(email)).toHaveLength(1)
})

test('the Worker dies right after the answer: the job sees to what was asked for, once', async () => {
  const { email, userId } = await forgotten(createClient({ interfere: DIES_BEFORE_SETTLING }))
  expect(await waiting(userId)).toEqual([])
  await runScheduledJob()
  expect(mailsTo(email), 'the request itself has ten seconds for it').toEqual([])
  advanceSeconds(10)
  await Promise.all([runScheduledJob(), runScheduledJob(), runScheduledJob()])
  expect(mailsTo(email)).toHaveLength(1)
  expect((await eventTypes(userId)).filter((type) => type === 'password_reset_requested')).toEqual([
    'password_reset_requested',
  ])
  expect((await reset(lastTokenTo(email))).status).toBe(200)
})

test('two runs at once send it once', async () => {
  const { email, userId } = await forgotten(createClient({ interfere: DIES_BEFORE_SENDING }))
  await Promise.all([runScheduledJob(), runScheduledJob(), runScheduledJob()])
  expect(mailsTo(email)).toHaveLength(1)
  expect(await waiting(userId)).toEqual([])
})

test('a link that was used, or whose secret is gone, is not mailed', async () => {
  const { email, userId } = await forgotten(createClient({ interfere: DIES_BEFORE_SENDING }))
  await rows(`update one_time_tokens set used_at = 1, used_by = 'x' where user_id = ?`, userId)
  await runScheduledJob()
  const other = await forgotten(createClient({ interfere: DIES_BEFORE_SENDING }))
  await rows(`update one_time_tokens set key_id = 'gone' where user_id = ?`, other.userId)
  await runScheduledJob()
  expect([mailsTo(email), mailsTo(other.email)]).toEqual([[], []])
  expect([await waiting(userId), await waiting(other.userId)]).toEqual([[], []])
})

test('D1 away: nothing is promised', async () => {
  const { email } = await signUpPerson(client)
  const away = createClient({ interfere: failAll('d1', 'D1_ERROR: D1 DB is overloaded') })
  const answer = await away.post('/auth/forgot-password', { body: { email } })
  expect(refusal(answer)).toBe('503 service_unavailable')
})

test('without a sender, a developer finds the link in the log, and production does not start', async () => {
  const { email } = await signUpPerson(client)
  const developer = createClient({ vars: { MAIL_FROM: undefined } })
  await developer.post('/auth/forgot-password', { body: { email } })
  const [mail] = loggedEvents('mail')
  const token = /[?]token=(\S+)/.exec(String(mail?.['text']))?.[1] ?? ''
  expect((await reset(token)).status).toBe(200)
  const production = {
    ENVIRONMENT: 'production',
    RATE_LIMIT: 'on',
    AUTH_ISSUER: 'https://auth.example.com',
    PASSWORD_ITERATIONS: undefined,
    AUDIT_SIGNING_KEY: JSON.stringify({
      kty: 'OKP',
      crv: 'Ed25519',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
      d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    }),
  }
  const bound = createClient({ vars: production })
  expect((await bound.get('/health')).status).toBe(200)
  const unbound = createClient({ vars: { ...production, EMAIL: undefined } })
  const answer = await unbound.get('/health')
  expect(refusal(answer)).toBe('500 configuration_invalid')
  // Strangers are told of no variable; the log has it.
  expect(answer.body).not.toHaveProperty('errors')
  expect(loggedEvents('configuration_invalid')).toMatchObject([
    { problems: [{ variable: 'EMAIL' }] },
  ])
})

test('what a mail says is escaped', async () => {
  const { email } = await signUpPerson(client)
  const named = createClient({ vars: { SERVICE_NAME: '<b>A&B</b>' } })
  await named.post('/auth/forgot-password', { body: { email } })
  const [mail] = mailsTo(email)
  expect(mail?.html).toContain('&lt;b&gt;A&amp;B&lt;/b&gt;')
  expect(mail?.html).not.toContain('<b>')
  expect(mail?.text).toContain('<b>A&B</b>')
  expect(mail?.html).toMatch(/^<!doctype html>\n<html lang="en">/)
})

test('the row of a mail that waits names no token', async () => {
  refuseMails(() => Promise.reject(new Error('down')))
  const { userId } = await forgotten()
  const [mail] = await waiting(userId)
  const token = await row('select * from one_time_tokens where user_id = ?', userId)
  expect(mail?.['one_time_token_id']).toBe(token['id'])
  expect(JSON.stringify([mail, token])).not.toMatch(/[\w-]{36}\.[\w-]{43}/)
})
