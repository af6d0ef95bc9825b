import { describe, expect, test } from 'vitest'
import { insertRole, roleId, signUpHolder, signUpWith } from '../platform/administrators'
import { preempt } from '../platform/bindings'
import {
  type Client,
  type ClientOptions,
  createClient,
  refusal,
  sessionOf,
} from '../platform/client'
import { lastTokenTo } from '../platform/mails'
import { signUpInBrowser } from '../platform/page-browser'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { eventTypes, row, rows } from '../platform/records'

// Somebody has signed up with an address that is not theirs, and an administrator takes them for its owner.

const client = createClient({ vars: { EMAIL_VERIFICATION: 'optional' } })

const rolesOf = async (userId: string) => {
  const held = await rows(
    `select name from user_roles join roles on id = role_id where user_id = ? order by name`,
    userId,
  )
  return held.map(({ name }) => name)
}

async function squatter() {
  const by = createClient({ vars: { EMAIL_VERIFICATION: 'optional' }, ip: '10.71.1.7' })
  return { ...(await signUpPerson(by)), by }
}

const setRoles = (token: string, userId: string, roles: readonly string[], by: Client = client) =>
  by.put(`/admin/users/${userId}/roles`, { token, body: { roles } })

describe.each(['optional', 'required'])('with verification %s', (mode) => {
  const by = createClient({ vars: { EMAIL_VERIFICATION: mode } })

  test('nobody unverified is given a role with permissions', async () => {
    const admin = await signUpHolder('admin')
    const { userId, email, session, by: owner } = await squatter()
    for (const roles of [['admin'], ['user', 'analyst']]) {
      expect(refusal(await setRoles(admin.token, userId, roles, by))).toBe('409 user_not_verified')
    }
    expect(await rolesOf(userId)).toEqual(['user'])
    expect(await eventTypes(userId)).toEqual(['user_signed_up'])
    expect(await row('select auth_epoch from users where id = ?', userId)).toEqual({
      auth_epoch: 1,
    })
    const { access_token: token } = session
    expect(refusal(await owner.get('/admin/users', { token }))).toBe('403 permission_denied')
    expect((await owner.get('/auth/verify', { token })).status).toBe(200)

    const body = { token: lastTokenTo(email), password: PASSWORD }
    expect((await client.post('/auth/verify-email', { body })).status).toBe(200)
    expect((await setRoles(admin.token, userId, ['user', 'analyst'], by)).status).toBe(200)
    expect(await rolesOf(userId)).toEqual(['analyst', 'user'])
  })

  test('roles without permissions are given to anybody', async () => {
    const admin = await signUpHolder('admin')
    const { userId } = await squatter()
    const plain = await insertRole()
    expect((await setRoles(admin.token, userId, ['user', plain.name], by)).status).toBe(200)
    expect(await rolesOf(userId)).toEqual([plain.name, 'user'])
    expect((await setRoles(admin.token, userId, [], by)).status).toBe(200)
    expect(await rolesOf(userId)).toEqual([])
  })

  test('what they hold already can be taken in part, and again is no change', async () => {
    const admin = await signUpHolder('admin')
    const held = await signUpWith('users:read')
    await rows(
      'insert into user_roles select ?, id, null, 0 from roles where name = ?',
      held.userId,
      'analyst',
    )
    const both = ['analyst', held.role.name]
    expect((await setRoles(admin.token, held.userId, [...both, 'user'], by)).status).toBe(200)
    expect((await setRoles(admin.token, held.userId, both, by)).status).toBe(200)
    expect((await setRoles(admin.token, held.userId, [held.role.name], by)).status).toBe(200)
    expect(refusal(await setRoles(admin.token, held.userId, both, by))).toBe(
      '409 user_not_verified',
    )
    expect(await rolesOf(held.userId)).toEqual([held.role.name])
  })
})

test('with verification off nobody is asked', async () => {
  const admin = await signUpHolder('admin')
  const { userId } = await signUpPerson(createClient())
  expect((await setRoles(admin.token, userId, ['analyst'], createClient())).status).toBe(200)
  expect(await rolesOf(userId)).toEqual(['analyst'])
})

test('a role that is given permissions right before it is granted', async () => {
  const admin = await signUpHolder('admin')
  const { userId } = await squatter()
  const plain = await insertRole()
  const act = () =>
    rows(
      `insert into role_permissions select ?, id from permissions where name = 'users:read'`,
      plain.id,
    )
  const late: ClientOptions = {
    vars: { EMAIL_VERIFICATION: 'optional' },
    interfere: preempt('d1', 0, act),
  }
  expect(refusal(await setRoles(admin.token, userId, [plain.name], createClient(late)))).toBe(
    '409 user_not_verified',
  )
  expect(await rolesOf(userId)).toEqual(['user'])
})

test('other refusals are said first', async () => {
  const reader = await signUpWith('users:write')
  const { userId } = await squatter()
  expect(refusal(await setRoles(reader.token, userId, ['admin']))).toBe(
    '403 exceeds_own_permissions',
  )
  const admin = await signUpHolder('admin')
  expect(refusal(await setRoles(admin.token, userId, ['admin', 'nobody']))).toBe(
    '400 validation_failed',
  )
  expect(await rolesOf(userId)).toEqual(['user'])
})

test('in the console it is said on the page', async () => {
  const vars = { EMAIL_VERIFICATION: 'optional' }
  const { browser, userId } = await signUpInBrowser({ vars })
  await rows('insert into user_roles values (?, ?, null, 0)', userId, await roleId('admin'))
  await rows('update users set email_verified_at = 1 where id = ?', userId)
  const { userId: target } = await squatter()
  const answer = await browser.submit(`/console/users/${target}/roles`, [
    ['roles', 'user'],
    ['roles', 'analyst'],
  ])
  expect(answer.status).toBe(409)
  expect(answer.text).toContain('given to those whose email is verified')
  expect(await rolesOf(target)).toEqual(['user'])
})

test('an account that an administrator makes may have roles: only its link opens it', async () => {
  const admin = await signUpHolder('admin')
  const email = newEmail()
  const body = { email, roles: ['analyst'] }
  const made = await client.post('/admin/users', { token: admin.token, body })
  expect(made.status).toBe(201)
  expect(made.body).toMatchObject({ email_verified: false, roles: ['analyst'] })
  const login = { email, password: PASSWORD }
  expect(refusal(await client.post('/auth/login', { body: login }))).toBe('401 invalid_credentials')
  const reset = { token: await linkOf(email), new_password: PASSWORD }
  expect((await client.post('/auth/reset-password', { body: reset })).status).toBe(200)
  const { user } = sessionOf(await client.post('/auth/login', { body: login }))
  expect(user).toMatchObject({ email_verified: true, roles: ['analyst'] })
})

async function linkOf(email: string): Promise<string> {
  await client.post('/auth/forgot-password', { body: { email } })
  return lastTokenTo(email)
}
