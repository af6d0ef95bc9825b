import { describe, expect, test } from 'vitest'
import { signUpHolder } from '../platform/administrators'
import { preempt } from '../platform/bindings'
import { createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo, mailsTo, subjectOf, subjectsTo } from '../platform/mails'
import { logInAgain, newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { eventTypes, row, rows, setActive } from '../platform/records'
import { testEndedSessions, testRefusals } from '../platform/refusals'

const client = createClient()

const ask = (token: string, new_email: string, password = PASSWORD) =>
  client.post('/auth/change-email', { token, body: { password, new_email } })
/** With the password, where no access token is given. */
const confirm = (token: string, accessToken?: string, password = PASSWORD) =>
  client.post(
    '/auth/change-email/confirm',
    accessToken === undefined
      ? { body: { token, password } }
      : { body: { token }, token: accessToken },
  )
const undo = (token: string) => client.post('/auth/change-email/undo', { body: { token } })
const logIn = (email: string, password = PASSWORD) =>
  client.post('/auth/login', { body: { email, password } })

/** A user whose address is verified: only that can be brought back. */
async function signUpVerified() {
  const person = await signUpPerson(client)
  await rows('update users set email_verified_at = 1 where id = ?', person.userId)
  return person
}

async function changed() {
  const person = await signUpVerified()
  const next = newEmail()
  await ask(person.session.access_token, next)
  const confirmation = lastTokenTo(next)
  expect((await confirm(confirmation)).status).toBe(200)
  return { ...person, next, confirmation }
}

describe('refusals', () => {
  const body = { password: PASSWORD, new_email: 'new@example.com' }
  testRefusals('POST', '/auth/change-email', { body })
  testEndedSessions('POST', '/auth/change-email', { body })
})

test('becomes theirs when the new address confirms it; the old one is told', async () => {
  const { email, session, userId } = await signUpVerified()
  const next = `New.${newEmail()}`
  const answer = await ask(session.access_token, next)
  expect(answer.status).toBe(202)
  expect(answer.cost).toMatchObject({ d1: 2, derivations: 6 })
  expect((await logIn(email)).status).toBe(200)
  expect(mailsTo(email)).toEqual([])
  const other = await logInAgain(client, { email, password: PASSWORD })
  const answered = await confirm(lastTokenTo(next), session.access_token)
  expect(answered.status).toBe(200)
  expect(answered.cost).toMatchObject({ d1: 2, kvWrites: 1, derivations: 0 })
  expect(refusal(await client.get('/auth/verify', { token: other.access_token }))).toBe(
    '401 invalid_token',
  )
  expect((await client.get('/auth/verify', { token: session.access_token })).status).toBe(200)
  expect(refusal(await logIn(email))).toBe('401 invalid_credentials')
  expect((await logIn(next.toLowerCase())).status).toBe(200)
  const me = await client.get('/auth/me', { token: session.access_token })
  expect(me.body).toMatchObject({ email: next, email_verified: true })
  expect(subjectsTo(email)).toEqual([subjectOf('email_changed')])
  expect(await eventTypes(userId)).toContain('email_changed')
})

test('a wrong password mails nothing', async () => {
  const { session } = await signUpPerson(client)
  const next = newEmail()
  expect(refusal(await ask(session.access_token, next, 'wrong'))).toBe('403 wrong_password')
  expect(mailsTo(next)).toEqual([])
})

test('a session that ends during the derivation mails nothing', async () => {
  const { session } = await signUpPerson(client)
  const { access_token: token } = session
  const next = newEmail()
  const act = () => client.post('/auth/logout', { token })
  const late = createClient({ interfere: preempt('d1', 1, act) })
  const body = { password: PASSWORD, new_email: next }
  await late.post('/auth/change-email', { token, body })
  expect(mailsTo(next)).toEqual([])
})

test('the link of a disabled account is none', async () => {
  const { session, userId } = await signUpPerson(client)
  const next = newEmail()
  await ask(session.access_token, next)
  await setActive(userId, false)
  expect(refusal(await confirm(lastTokenTo(next)))).toBe('400 invalid_link')
})

test('an address that is somebody’s: the same answer, no mail', async () => {
  const [person, other] = [await signUpPerson(client), await signUpPerson(client)]
  const expected = await ask(person.session.access_token, newEmail())
  advanceSeconds(60)
  const answer = await ask(person.session.access_token, other.email.toUpperCase())
  expect([answer.status, answer.body, answer.cost]).toEqual([202, expected.body, expected.cost])
  expect(mailsTo(other.email)).toEqual([])
})

test('an address that became somebody’s in between is not taken from them', async () => {
  const person = await signUpPerson(client)
  const next = newEmail()
  await ask(person.session.access_token, next)
  await client.post('/auth/signup', { body: { email: next, password: PASSWORD } })
  expect(refusal(await confirm(lastTokenTo(next)))).toBe('400 invalid_link')
  const { email } = await row('select email from users where id = ?', person.userId)
  expect(email).toBe(person.email)
})

test('the link works once, and a newer one ends it', async () => {
  const { session } = await signUpPerson(client)
  const [first, second] = [newEmail(), newEmail()]
  await ask(session.access_token, first)
  advanceSeconds(60)
  await ask(session.access_token, second)
  expect(refusal(await confirm(lastTokenTo(first)))).toBe('400 invalid_link')
  expect((await confirm(lastTokenTo(second))).status).toBe(200)
  expect(refusal(await confirm(lastTokenTo(second)))).toBe('400 invalid_link')
})

test('an admin who forces a reset, or the user who logs out everywhere, ends the link', async () => {
  const admin = await signUpHolder('admin')
  for (const act of ['force-password-reset', 'disable', 'sessions', 'everywhere']) {
    const { session, userId } = await signUpPerson(client)
    const next = newEmail()
    await ask(session.access_token, next)
    const path = `/admin/users/${userId}/${act}`
    const answer =
      act === 'everywhere'
        ? await client.post('/auth/logout', {
            token: session.access_token,
            body: { everywhere: true },
          })
        : await client.send(act === 'sessions' ? 'DELETE' : 'POST', path, { token: admin.token })
    expect(answer.status).toBe(200)
    expect(refusal(await confirm(lastTokenTo(next))), act).toBe('400 invalid_link')
  }
})

test('an export does not tell whether the address is somebody’s', async () => {
  const [person, other] = [await signUpPerson(client), await signUpPerson(client)]
  const events = async (next: string) => {
    await ask(person.session.access_token, next)
    advanceSeconds(60)
    return (await eventTypes(person.userId)).length
  }
  const before = await events(newEmail())
  expect(await events(other.email)).toBe(before + 1)
  expect(await events(newEmail())).toBe(before + 2)
})

test('links to reset the password that went to the old address end', async () => {
  const { email, session } = await signUpPerson(client)
  await client.post('/auth/forgot-password', { body: { email } })
  const token = lastTokenTo(email)
  const next = newEmail()
  await ask(session.access_token, next)
  await confirm(lastTokenTo(next))
  const body = { token, new_password: 'another horse, another battery' }
  expect(refusal(await client.post('/auth/reset-password', { body }))).toBe('400 invalid_link')
})

describe('undoing it', () => {
  test('brings the old address back, takes the password and ends every session', async () => {
    const { email, next, session, userId } = await changed()
    expect((await undo(lastTokenTo(email))).status).toBe(200)
    const { access_token: token } = session
    expect(refusal(await client.get('/auth/verify', { token }))).toBe('401 invalid_token')
    expect(refusal(await logIn(next))).toBe('401 invalid_credentials')
    expect(refusal(await logIn(email))).toBe('401 invalid_credentials')
    const body = { token: lastTokenTo(email), new_password: 'another horse, another battery' }
    expect((await client.post('/auth/reset-password', { body })).status).toBe(200)
    expect((await logIn(email, body.new_password)).status).toBe(200)
    expect(await eventTypes(userId)).toContain('email_change_undone')
  })

  test('works after the thief has reset the password and moved on to a third address', async () => {
    const { email, next, userId } = await changed()
    await client.post('/auth/forgot-password', { body: { email: next } })
    const stolen = { token: lastTokenTo(next), new_password: 'the password of a thief' }
    expect((await client.post('/auth/reset-password', { body: stolen })).status).toBe(200)
    const login = await logIn(next, stolen.new_password)
    const { access_token } = login.body as { access_token: string }
    const third = newEmail()
    advanceSeconds(60)
    await ask(access_token, third, stolen.new_password)
    expect((await confirm(lastTokenTo(third), access_token)).status).toBe(200)
    expect((await undo(lastTokenTo(email))).status).toBe(200)
    expect((await row('select email from users where id = ?', userId))['email']).toBe(email)
    // Nor does the thief's own undoing bring theirs back.
    expect(refusal(await undo(lastTokenTo(next)))).toBe('400 invalid_link')
  })

  test('once, for seven days, in which nobody else can take the address', async () => {
    const [late, taken] = [await changed(), await changed()]
    const squatter = { email: taken.email.toUpperCase(), password: PASSWORD }
    const signup = await client.post('/auth/signup', { body: squatter })
    expect(refusal(signup)).toBe('409 email_taken')
    expect((await undo(lastTokenTo(taken.email))).status).toBe(200)
    const early = await changed()
    expect((await undo(lastTokenTo(early.email))).status).toBe(200)
    expect(refusal(await undo(lastTokenTo(early.email)))).toBe('400 invalid_link')
    advanceSeconds(7 * 86_400)
    expect(refusal(await undo(lastTokenTo(late.email)))).toBe('400 invalid_link')
  })

  test('a thief who undoes their own change does not end the owner’s way back', async () => {
    const { email, next, userId } = await changed()
    const owners = lastTokenTo(email)
    const login = await logIn(next)
    const { access_token } = login.body as { access_token: string }
    const third = newEmail()
    advanceSeconds(60)
    await ask(access_token, third)
    await confirm(lastTokenTo(third))
    expect((await undo(lastTokenTo(next))).status).toBe(200)
    expect((await undo(owners)).status).toBe(200)
    expect((await row('select email from users where id = ?', userId))['email']).toBe(email)
  })

  test.each(['off', 'optional'])(
    'an address that was never verified gets no such link and is free, verification %s',
    async (EMAIL_VERIFICATION) => {
      const by = createClient({ vars: { EMAIL_VERIFICATION } })
      const mistyped = await signUpPerson(by)
      const next = newEmail()
      await ask(mistyped.session.access_token, next)
      const body = { token: lastTokenTo(next), password: PASSWORD }
      expect((await by.post('/auth/change-email/confirm', { body })).status).toBe(200)
      expect(subjectsTo(mistyped.email)).not.toContain(subjectOf('email_changed'))
      const undoing = await rows(
        `select id from one_time_tokens where user_id = ? and purpose = 'undo_email_change'`,
        mistyped.userId,
      )
      expect(undoing).toEqual([])
      const owner = { email: mistyped.email, password: PASSWORD }
      expect((await by.post('/auth/signup', { body: owner })).status).toBe(201)
    },
  )

  test('is not what the link to confirm is for', async () => {
    const { confirmation, email } = await changed()
    expect(refusal(await undo(confirmation))).toBe('400 invalid_link')
    expect(refusal(await confirm(lastTokenTo(email)))).toBe('400 invalid_link')
  })
})
