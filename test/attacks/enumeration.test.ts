import { describe, expect, test } from 'vitest'
import { type Answer, createClient } from '../platform/client'
import { mailsTo } from '../platform/mails'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { rows, setActive } from '../platform/records'

// Whether there is an account, and in what state, shows neither in an answer nor in what it cost: status, headers, body,
// D1 round trips, statements and rows written, KV reads and writes, derivations (SECURITY B1, B2). Each case has a network of its own.

let networks = 0
const VARS = { EMAIL_VERIFICATION: 'required' }
const newClient = () => createClient({ ip: `10.7.${++networks}.7`, vars: VARS })

async function verified(): Promise<string> {
  const { email } = await signUpPerson(createClient())
  await rows('update users set email_verified_at = 1 where email = ?', email)
  return email
}

const ACCOUNTS: Record<string, () => Promise<string>> = {
  existing: verified,
  unknown: async () => newEmail(),
  disabled: async () => {
    const { email, userId } = await signUpPerson(createClient())
    await rows('update users set email_verified_at = 1 where email = ?', email)
    await setActive(userId, false)
    return email
  },
  unverified: async () => (await signUpPerson(createClient())).email,
  'without a password': async () => {
    const email = await verified()
    await rows('update users set password_hash = null where email = ?', email)
    return email
  },
}

/** All that could tell, but what differs by chance: the request's own id. */
function observable({ status, headers, body, cost, written }: Answer) {
  const { 'x-request-id': id = '', ...rest } = Object.fromEntries(headers)
  return JSON.parse(
    JSON.stringify({ status, headers: rest, body, cost, written }).replaceAll(id, 'id'),
  )
}

const REQUESTS: Record<string, (email: string) => Promise<Answer[]>> = {
  'login with a wrong password, until it has to pause': async (email) => {
    const by = newClient()
    const answers = []
    for (let attempt = 0; attempt < 7; attempt++) {
      answers.push(await by.post('/auth/login', { body: { email, password: 'wrong' } }))
    }
    return answers
  },
  'forgot, twice': async (email) => {
    const by = newClient()
    const send = () => by.post('/auth/forgot-password', { body: { email } })
    return [await send(), await send()]
  },
  'resend, twice': async (email) => {
    const by = newClient()
    const send = () => by.post('/auth/verify-email/resend', { body: { email } })
    return [await send(), await send()]
  },
  'reset with a token that is none': async (email) => {
    const body = { token: email, new_password: PASSWORD }
    return [await newClient().post('/auth/reset-password', { body })]
  },
}

describe.each(Object.entries(REQUESTS))('%s', (_name, request) => {
  test.each(Object.entries(ACCOUNTS))('%s: as for nobody', async (_state, newAccount) => {
    const expected = (await request(newEmail())).map(observable)
    expect((await request(await newAccount())).map(observable)).toEqual(expected)
  })
})

describe('what may differ, and to whom', () => {
  const logIn = (email: string) =>
    newClient().post('/auth/login', { body: { email, password: PASSWORD } })

  test('that it is disabled or unverified, to who knows the password', async () => {
    const answers: Record<string, unknown> = {}
    for (const [state, newAccount] of Object.entries(ACCOUNTS)) {
      const { status, body } = await logIn(await newAccount())
      answers[state] = status === 200 ? 200 : (body as { code: string }).code
    }
    expect(answers).toEqual({
      existing: 200,
      unknown: 'invalid_credentials',
      disabled: 'account_disabled',
      unverified: 'email_not_verified',
      'without a password': 'invalid_credentials',
    })
  })

  test('signup says that an email is taken: the documented exception, in whatever state the account', async () => {
    for (const [state, newAccount] of Object.entries(ACCOUNTS)) {
      const body = { email: await newAccount(), password: PASSWORD }
      const answer = await newClient().post('/auth/signup', { body })
      expect([state, answer.status]).toEqual([state, state === 'unknown' ? 201 : 409])
      expect(answer.cost).toMatchObject({ d1: 1, derivations: 6 })
    }
  })

  test('mail goes to whom it is for, after the answer', async () => {
    const mails: Record<string, number> = {}
    for (const [state, newAccount] of Object.entries(ACCOUNTS)) {
      const email = await newAccount()
      await newClient().post('/auth/forgot-password', { body: { email } })
      mails[state] = mailsTo(email).length
    }
    expect(mails).toEqual({
      existing: 1,
      unknown: 0,
      disabled: 0,
      unverified: 1,
      'without a password': 1,
    })
  })
})
