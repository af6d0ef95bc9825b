import { describe, expect, test } from 'vitest'
import { signUpHolder, signUpWith } from '../platform/administrators'
import { createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo, mailsTo, subjectOf, subjectsTo } from '../platform/mails'
import { newEmail, PASSWORD, signUpPerson, verifiedPerson } from '../platform/people'
import { row, rows } from '../platform/records'

const open = createClient()
const invited = createClient({ vars: { SIGNUP: 'invite', EMAIL_VERIFICATION: 'required' } })
const closed = createClient({ vars: { SIGNUP: 'closed' } })

const signUp = (email: string, invitation?: string, by = invited) =>
  by.post('/auth/signup', {
    body: { email, password: PASSWORD, ...(invitation !== undefined && { invitation }) },
  })

async function invite(email: string, roles?: string[]) {
  const { token } = await signUpHolder('admin')
  return open.post('/admin/invitations', { token, body: { email, ...(roles && { roles }) } })
}

test('closed: nobody, invited or not', async () => {
  const email = newEmail()
  await invite(email)
  for (const invitation of [undefined, lastTokenTo(email)]) {
    const answer = await signUp(email, invitation, closed)
    expect(refusal(answer)).toBe('403 signup_closed')
    expect(answer.cost.derivations).toBe(0)
  }
})

describe('invite', () => {
  test('one address, once, with the roles of the invitation, verified by it', async () => {
    const email = `Some.${newEmail()}`
    expect((await invite(email, ['analyst', 'user'])).status).toBe(202)
    expect(subjectsTo(email)).toEqual([subjectOf('invitation')])
    const invitation = lastTokenTo(email)
    expect(mailsTo(email)[0]?.text).toContain(`/signup?invitation=${invitation}`)
    const answer = await signUp(email.toLowerCase(), invitation)
    expect(answer.status).toBe(201)
    expect(answer.body).toMatchObject({
      access_token: expect.any(String),
      user: { roles: ['analyst', 'user'], email_verified: true },
    })
    expect(mailsTo(email)).toHaveLength(1)
    await rows('delete from users where email_normalized = ?', email.toLowerCase())
    expect(refusal(await signUp(email, invitation))).toBe('403 invitation_required')
  })

  test('not without one, not with another’s, not with what is none', async () => {
    const [email, other] = [newEmail(), newEmail()]
    await invite(email)
    const invitation = lastTokenTo(email)
    const person = await signUpPerson(open)
    await open.post('/auth/forgot-password', { body: { email: person.email } })
    for (const [address, token] of [
      [email, undefined],
      [other, invitation],
      [email, 'junk'],
      [person.email, lastTokenTo(person.email)],
    ] as const) {
      const answer = await signUp(address, token)
      expect(refusal(answer)).toBe('403 invitation_required')
      expect(answer.cost.derivations).toBe(0)
    }
    expect((await signUp(email, invitation)).status).toBe(201)
  })

  test('for seven days, and a newer one ends it', async () => {
    const [email, late] = [newEmail(), newEmail()]
    await invite(email)
    await invite(late)
    const first = lastTokenTo(email)
    advanceSeconds(1)
    await invite(email)
    expect(refusal(await signUp(email, first))).toBe('403 invitation_required')
    expect((await signUp(email, lastTokenTo(email))).status).toBe(201)
    advanceSeconds(7 * 86_400)
    expect(refusal(await signUp(late, lastTokenTo(late)))).toBe('403 invitation_required')
  })

  test('two signups at once with one invitation: one account', async () => {
    const email = newEmail()
    await invite(email)
    const invitation = lastTokenTo(email)
    const answers = await Promise.all([signUp(email, invitation), signUp(email, invitation)])
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409])
  })

  test('is by permission, of roles that one may give, for an address that is nobody’s', async () => {
    const helper = await signUpWith('users:write')
    const ask = (body: object) => open.post('/admin/invitations', { token: helper.token, body })
    const email = newEmail()
    expect(refusal(await ask({ email, roles: ['analyst'] }))).toBe('403 exceeds_own_permissions')
    expect(refusal(await ask({ email, roles: ['no-such'] }))).toBe('400 validation_failed')
    expect(refusal(await ask({ email: helper.email }))).toBe('409 email_taken')
    expect(mailsTo(email)).toEqual([])
    expect((await ask({ email })).status).toBe(202)
    const event = await row(
      `select * from audit_events where actor_id = ? and type = 'user_invited'`,
      helper.userId,
    )
    expect(event).toMatchObject({ subject_id: null })
    expect(JSON.stringify(event)).not.toContain(email)
  })

  test('not by who was disabled since, or lost what they gave', async () => {
    for (const loses of ['disable', 'roles']) {
      const email = newEmail()
      const [admin, rogue] = [await signUpHolder('admin'), await signUpHolder('admin')]
      const body = { email, roles: ['admin'] }
      await open.post('/admin/invitations', { token: rogue.token, body })
      const path = `/admin/users/${rogue.userId}`
      const answer =
        loses === 'disable'
          ? await open.post(`${path}/disable`, { token: admin.token })
          : await open.put(`${path}/roles`, { token: admin.token, body: { roles: ['user'] } })
      expect(answer.status).toBe(200)
      expect(refusal(await signUp(email, lastTokenTo(email))), loses).toBe(
        '403 invitation_required',
      )
    }
  })

  test('a newer one ends an older one in another case', async () => {
    const email = newEmail()
    await invite(email)
    const first = lastTokenTo(email)
    advanceSeconds(1)
    await invite(email.toUpperCase())
    expect(refusal(await signUp(email, first))).toBe('403 invitation_required')
  })

  test('a role that was deleted meanwhile is not given', async () => {
    const email = newEmail()
    const { role } = await signUpWith('users:read')
    const { token } = await signUpHolder('admin')
    const body = { email, roles: ['user', role.name] }
    await open.post('/admin/invitations', { token, body })
    await rows('delete from user_roles where role_id = ?', role.id)
    await rows('delete from roles where id = ?', role.id)
    const answer = await signUp(email, lastTokenTo(email))
    expect(answer.body).toMatchObject({ user: { roles: ['user'] } })
  })
})

describe('a login from a place and a device that were not seen', () => {
  const NEW = subjectOf('new_device')
  const logIn = (email: string, ip: string, userAgent: string) =>
    createClient({ ip, userAgent }).post('/auth/login', { body: { email, password: PASSWORD } })

  test('mails a notice, once', async () => {
    const { email } = await verifiedPerson(open)
    await logIn(email, '192.0.2.1', 'test-agent/1')
    expect(subjectsTo(email)).toEqual([])
    await logIn(email, '198.51.100.7', 'other-agent/2')
    expect(subjectsTo(email)).toEqual([NEW])
    await logIn(email, '198.51.100.9', 'other-agent/2')
    expect(subjectsTo(email), 'the same network').toEqual([NEW])
    await logIn(email, '203.0.113.1', 'other-agent/2')
    expect(subjectsTo(email)).toEqual([NEW, NEW])
  })

  test('also right after signing up; the first login of somebody who has no session is new to nobody', async () => {
    const { email } = await verifiedPerson(open)
    await logIn(email, '198.51.100.7', 'other-agent/2')
    expect(subjectsTo(email)).toEqual([NEW])
    const created = newEmail()
    const { token } = await signUpHolder('admin')
    await open.post('/admin/users', { token, body: { email: created } })
    const body = { token: lastTokenTo(created), new_password: PASSWORD }
    await open.post('/auth/reset-password', { body })
    await logIn(created, '198.51.100.7', 'other-agent/2')
    expect(subjectsTo(created)).not.toContain(NEW)
  })

  test('is new again after 30 days', async () => {
    const { email } = await verifiedPerson(open)
    await logIn(email, '192.0.2.1', 'test-agent/1')
    advanceSeconds(30 * 86_400 + 1)
    await logIn(email, '192.0.2.1', 'test-agent/1')
    expect(subjectsTo(email)).toEqual([NEW])
  })

  test('a login that is refused tells nobody', async () => {
    const { email } = await verifiedPerson(open)
    await logIn(email, '192.0.2.1', 'test-agent/1')
    const body = { email, password: 'wrong' }
    await createClient({ ip: '198.51.100.7' }).post('/auth/login', { body })
    expect(subjectsTo(email)).toEqual([])
  })
})
