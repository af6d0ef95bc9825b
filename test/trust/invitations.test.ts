import { describe, expect, test } from 'vitest'
import { grantRoles, insertRole, signUpHolder, signUpWith } from '../platform/administrators'
import { preempt } from '../platform/bindings'
import { createClient, refusal } from '../platform/client'
import { lastTokenTo } from '../platform/mails'
import { newEmail, PASSWORD } from '../platform/people'
import { row, rows, setActive } from '../platform/records'

// An invitation is as good as its inviter is when it is used.

const SIGNUP = 'invite'
const client = createClient()

const signUp = (email: string, by = createClient({ vars: { SIGNUP } })) =>
  by.post('/auth/signup', { body: { email, password: PASSWORD, invitation: lastTokenTo(email) } })

async function expectNobody(email: string): Promise<void> {
  expect(await rows('select * from users where email = ?', email)).toEqual([])
  const link = await row('select used_at from one_time_tokens where email = ?', email)
  expect(link).toEqual({ used_at: null })
}

const takeRoles = (userId: string) => rows('delete from user_roles where user_id = ?', userId)

async function invited(token: string, roles: readonly string[] = ['user']): Promise<string> {
  const email = newEmail()
  const answer = await client.post('/admin/invitations', { token, body: { email, roles } })
  expect(answer.status).toBe(202)
  return email
}

const LOSSES: Record<string, (userId: string) => Promise<unknown>> = {
  'all roles': takeRoles,
  'the right to invite, but no other one': async (userId) => {
    const { name } = await insertRole('users:read', 'roles:read')
    await takeRoles(userId)
    await grantRoles(userId, name)
  },
  'the account': (userId) => rows('delete from users where id = ?', userId),
  'its use': (userId) => setActive(userId, false),
}

describe.each(Object.entries(LOSSES))('an inviter who has lost %s', (_what, lose) => {
  test('before the invitation is used: it signs nobody up', async () => {
    const inviter = await signUpHolder('admin')
    const email = await invited(inviter.token)
    await lose(inviter.userId)
    const answer = await signUp(email)
    expect(refusal(answer)).toBe('403 invitation_required')
    expect(answer.cost.derivations).toBe(0)
    await expectNobody(email)
  })

  test('while the password is derived: it signs nobody up', async () => {
    const inviter = await signUpHolder('admin')
    const email = await invited(inviter.token)
    const interfere = preempt('d1', 1, () => lose(inviter.userId))
    const answer = await signUp(email, createClient({ vars: { SIGNUP }, interfere }))
    expect(answer.cost.derivations).toBe(6)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    await expectNobody(email)
  })
})

test('a role that has come to give more than its inviter holds is not given', async () => {
  const inviter = await signUpWith('users:write')
  const role = await insertRole('users:write')
  const email = await invited(inviter.token, [role.name])
  await rows(
    `insert into role_permissions select ?, id from permissions where name = 'roles:write'`,
    role.id,
  )
  expect(refusal(await signUp(email))).toBe('403 invitation_required')
  await expectNobody(email)
})

test('an inviter with the right by another role has not lost it', async () => {
  const inviter = await signUpHolder('admin')
  const email = await invited(inviter.token)
  const { name } = await insertRole('users:write')
  await takeRoles(inviter.userId)
  await grantRoles(inviter.userId, name)
  expect((await signUp(email)).status).toBe(201)
})
