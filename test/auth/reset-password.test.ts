import { describe, expect, test } from 'vitest'
import { createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo, mailsTo, subjectOf, subjectsTo, tokenIn } from '../platform/mails'
import { logInAgain, newEmail, PASSWORD, refresh, signUpPerson } from '../platform/people'
import { eventTypes, row, rows, sessionRows, setActive } from '../platform/records'

const client = createClient()
const NEW = 'another horse, another battery'

const forgot = (email: string, by = client) => by.post('/auth/forgot-password', { body: { email } })
const reset = (token: string, new_password = NEW, by = client) =>
  by.post('/auth/reset-password', { body: { token, new_password } })
const logIn = (email: string, password: string) =>
  client.post('/auth/login', { body: { email, password } })

describe('forgot', () => {
  test('mails a link to the address as it was given at signup, and nothing else of use', async () => {
    const { email, userId } = await signUpPerson(client)
    expect((await forgot(email.toUpperCase())).status).toBe(202)
    const [mail] = mailsTo(email)
    expect(mail?.subject).toBe(subjectOf('reset_password'))
    expect(mail?.from).toEqual({ email: 'auth@example.com', name: 'Gatehouse' })
    const token = lastTokenTo(email)
    expect(mail?.text).toContain(`http://127.0.0.1:8787/reset-password?token=${token}`)
    expect(mail?.html).toContain(`href="http://127.0.0.1:8787/reset-password?token=${token}"`)
    const stored = JSON.stringify(
      await rows('select * from one_time_tokens where user_id = ?', userId),
    )
    expect(stored).not.toContain(token.split('.')[1])
    expect(await rows(`select * from outbox where channel = 'mail'`)).toEqual([])
    expect(await eventTypes(userId)).toEqual(['user_signed_up', 'password_reset_requested'])
  })

  test('answers the same, at the same cost, for everybody', async () => {
    const [known, disabled, mailed] = [
      await signUpPerson(client),
      await signUpPerson(client),
      await signUpPerson(client),
    ]
    await setActive(disabled.userId, false)
    await forgot(mailed.email)
    const expected = await forgot(newEmail())
    expect(expected.cost).toMatchObject({ d1: 1, kvReads: 0, kvWrites: 0, derivations: 0 })
    for (const { email } of [known, disabled, mailed]) {
      const answer = await forgot(email)
      expect([answer.status, answer.body, answer.cost]).toEqual([202, expected.body, expected.cost])
      expect([...answer.headers.keys()]).toEqual([...expected.headers.keys()])
    }
    expect(mailsTo(known.email)).toHaveLength(1)
    expect(mailsTo(disabled.email)).toHaveLength(0)
    expect(mailsTo(mailed.email)).toHaveLength(1)
  })

  test('at most one mail a minute and five a day, each with the link that is good already', async () => {
    const { email } = await signUpPerson(client)
    for (let minute = 0; minute < 10; minute++) {
      await forgot(email)
      advanceSeconds(59)
      await forgot(email)
      advanceSeconds(1)
    }
    expect(mailsTo(email)).toHaveLength(5)
    expect(new Set(mailsTo(email).map(tokenIn)).size).toBe(1)
    advanceSeconds(86_400)
    await forgot(email)
    expect(mailsTo(email)).toHaveLength(6)
    const first = lastTokenTo(email)
    advanceSeconds(60)
    await forgot(email)
    expect(lastTokenTo(email)).toBe(first)
    expect((await reset(first)).status).toBe(200)
  })

  test('ten requests at once mail one', async () => {
    const { email } = await signUpPerson(client)
    await Promise.all(Array.from({ length: 10 }, () => forgot(email)))
    expect(mailsTo(email)).toHaveLength(1)
  })

  test('no header of the request is in the link', async () => {
    const { email } = await signUpPerson(client)
    const headers = {
      Host: 'evil.example',
      'X-Forwarded-Host': 'evil.example',
      Origin: 'https://evil.example',
      Forwarded: 'host=evil.example',
    }
    await client.post('/auth/forgot-password', { body: { email }, headers })
    const other = await signUpPerson(client)
    const FRONTEND_URL = 'https://app.example.com,https://other.example.com'
    await forgot(other.email, createClient({ vars: { FRONTEND_URL } }))
    expect(JSON.stringify(mailsTo(email))).not.toContain('evil')
    expect(mailsTo(other.email)[0]?.text).toContain('https://app.example.com/reset-password#token=')
  })
})

describe('reset', () => {
  test('sets the password, ends every session and logs nobody in', async () => {
    const person = await signUpPerson(client)
    const { access_token: token, refresh_token } = await logInAgain(client, person)
    await forgot(person.email)
    const answer = await reset(lastTokenTo(person.email))
    expect(answer.status).toBe(200)
    expect(JSON.stringify(answer.body)).not.toContain('token')
    expect(answer.headers.get('Set-Cookie')).toBe(null)
    expect(answer.cost).toMatchObject({ d1: 2, kvWrites: 1, derivations: 6 })
    expect(refusal(await client.get('/auth/verify', { token }))).toBe('401 invalid_token')
    expect(refusal(await client.get('/auth/me', { token }))).toBe('401 invalid_token')
    expect(refusal(await refresh(client, refresh_token))).toBe('401 invalid_refresh_token')
    expect(await sessionRows(person.userId)).toMatchObject([
      { revoked_reason: 'password_reset' },
      { revoked_reason: 'password_reset' },
    ])
    expect(refusal(await logIn(person.email, PASSWORD))).toBe('401 invalid_credentials')
    const { email_verified } = (await logIn(person.email, NEW)).body as never
    expect(email_verified).toBe(undefined)
    const { email_verified_at } = await row('select * from users where id = ?', person.userId)
    expect(email_verified_at).toBe(Date.now())
    expect(subjectsTo(person.email)).toContain(subjectOf('password_changed'))
  })

  test('ten at once: one 200', async () => {
    const { email, userId } = await signUpPerson(client)
    await forgot(email)
    const token = lastTokenTo(email)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => reset(token, `${NEW} ${n}`)),
    )
    const outcomes = answers.map((answer) => (answer.status === 200 ? 200 : refusal(answer)))
    expect(outcomes.filter((outcome) => outcome === 200)).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === '400 invalid_link')).toHaveLength(9)
    expect((await logIn(email, `${NEW} ${outcomes.indexOf(200)}`)).status).toBe(200)
    const types = await eventTypes(userId)
    expect(types.filter((type) => type === 'password_reset')).toHaveLength(1)
  })

  test('once, within 30 minutes, and not after the account was disabled', async () => {
    const [late, early, disabled] = [
      await signUpPerson(client),
      await signUpPerson(client),
      await signUpPerson(client),
    ]
    for (const { email } of [late, early, disabled]) await forgot(email)
    await setActive(disabled.userId, false)
    expect(refusal(await reset(lastTokenTo(disabled.email)))).toBe('400 invalid_link')
    advanceSeconds(30 * 60 - 1)
    expect((await reset(lastTokenTo(early.email))).status).toBe(200)
    advanceSeconds(1)
    expect(refusal(await reset(lastTokenTo(late.email)))).toBe('400 invalid_link')
    expect((await logIn(late.email, PASSWORD)).status).toBe(200)
  })

  test('not after the account has another address', async () => {
    const { email, userId } = await signUpPerson(client)
    await forgot(email)
    await rows('update users set email = ? where id = ?', newEmail(), userId)
    expect(refusal(await reset(lastTokenTo(email)))).toBe('400 invalid_link')
  })

  test('a weak password is refused and the link stays good', async () => {
    const { email } = await signUpPerson(client)
    await forgot(email)
    expect(refusal(await reset(lastTokenTo(email), 'short'))).toBe('400 weak_password')
    expect((await reset(lastTokenTo(email))).status).toBe(200)
  })

  test('junk is refused before anything is asked', async () => {
    const { email } = await signUpPerson(client)
    await forgot(email)
    const token = lastTokenTo(email)
    const [id = '', mac = ''] = token.split('.')
    const other = mac.startsWith('A') ? 'B' : 'A'
    for (const junk of [
      '',
      'junk',
      id,
      `${id}.`,
      `${id}.${other}${mac.slice(1)}`,
      `${crypto.randomUUID()}.${mac}`,
      `${token}x`,
      ` ${token}`,
      token.toUpperCase(),
      'x'.repeat(4096),
    ]) {
      const answer = await reset(junk)
      expect(refusal(answer), junk).toBe('400 invalid_link')
      expect(answer.cost).toMatchObject({ d1: 0, derivations: 0 })
    }
    expect((await reset(token)).status).toBe(200)
  })

  test('a link for something else, or under another secret, is none', async () => {
    const person = await signUpPerson(createClient({ vars: { EMAIL_VERIFICATION: 'optional' } }))
    const forVerifying = lastTokenTo(person.email)
    expect(refusal(await reset(forVerifying))).toBe('400 invalid_link')
    await forgot(person.email)
    const forResetting = lastTokenTo(person.email)
    for (const path of [
      '/auth/verify-email',
      '/auth/change-email/confirm',
      '/auth/change-email/undo',
    ]) {
      const answer = await client.post(path, { body: { token: forResetting } })
      expect(refusal(answer), path).toBe('400 invalid_link')
    }
    const foreign = createClient({
      vars: { AUTH_SECRETS: `foreign-${'0123456789abcdef'.repeat(3)}` },
    })
    expect(refusal(await reset(forResetting, NEW, foreign))).toBe('400 invalid_link')
    expect((await reset(forResetting)).status).toBe(200)
  })

  test('an account without a password gets one; its other links end', async () => {
    const { email, userId } = await signUpPerson(
      createClient({ vars: { EMAIL_VERIFICATION: 'optional' } }),
    )
    const forVerifying = lastTokenTo(email)
    await rows('update users set password_hash = null, auth_epoch = 0 where id = ?', userId)
    await forgot(email)
    expect((await reset(lastTokenTo(email))).status).toBe(200)
    expect((await logIn(email, NEW)).status).toBe(200)
    const answer = await client.post('/auth/verify-email', {
      body: { token: forVerifying, new_password: PASSWORD },
    })
    expect(refusal(answer)).toBe('400 invalid_link')
    expect((await logIn(email, NEW)).status).toBe(200)
  })

  test('links outlive a rotation of the secrets', async () => {
    const { email } = await signUpPerson(client)
    await forgot(email)
    const AUTH_SECRETS = `second-${'0123456789abcdef'.repeat(3)},test-only-secret-0123456789-abcdefghijklmnop`
    const rotated = createClient({ vars: { AUTH_SECRETS } })
    expect((await reset(lastTokenTo(email), NEW, rotated)).status).toBe(200)
  })
})

test('GET uses nothing up', async () => {
  for (const path of [
    'reset-password',
    'verify-email',
    'change-email/confirm',
    'change-email/undo',
  ]) {
    expect(refusal(await client.get(`/auth/${path}?token=x`)), path).toBe('405 method_not_allowed')
  }
})
