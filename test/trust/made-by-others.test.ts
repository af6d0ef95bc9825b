import { describe, expect, test } from 'vitest'
import {
  insertRole,
  roleId,
  signUpHolder,
  signUpWith,
  withoutOtherAdmins,
} from '../platform/administrators'
import { newKey, withKey } from '../platform/api-keys'
import { preempt } from '../platform/bindings'
import { createClient, refusal } from '../platform/client'
import { mailsTo } from '../platform/mails'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

// What administrators and their keys give to others does not outlive what they hold.

const DENIED = '403 permission_denied'
const EXCEEDS = '403 exceeds_own_permissions'

const client = createClient()

/** An admin's key that lives for a minute, with everything that an admin has. */
async function newAdminKey() {
  const { token, userId } = await signUpHolder('admin')
  const permissions = ['users:read', 'users:write', 'roles:read', 'roles:write']
  const { key, id } = await newKey(token, permissions, {
    expires_at: new Date(Date.now() + 60_000).toISOString(),
  })
  return { ...withKey(key), id, userId }
}

async function grantsOf(userId: string) {
  return rows('select * from user_roles where user_id = ? order by role_id', userId)
}

describe('an API key', () => {
  test('makes nobody with roles: nothing is stored or mailed, and it is recorded', async () => {
    const { headers, id, userId } = await newAdminKey()
    const helpdesk = await insertRole('users:read', 'users:write')
    for (const roles of [[helpdesk.name], ['user', helpdesk.name], ['admin']]) {
      const email = newEmail()
      const answer = await client.post('/admin/users', { headers, body: { email, roles } })
      expect(refusal(answer)).toBe(DENIED)
      expect(await rows('select id from users where email = ?', email)).toEqual([])
      expect(mailsTo(email)).toEqual([])
    }
    const { subject_personal } = await row(
      `select subject_personal from audit_events where actor_id = ? and type = 'permission_denied'`,
      userId,
    )
    expect(JSON.parse(String(subject_personal)).detail).toEqual({
      code: 'permission_denied',
      required: 'session',
      api_key_id: id,
      count: '1',
    })
  })

  test.each([undefined, ['user'], []])('makes a plain account: %j', async (roles) => {
    const { headers } = await newAdminKey()
    const email = newEmail()
    const body = { email, ...(roles && { roles }) }
    expect((await client.post('/admin/users', { headers, body })).status).toBe(201)
    expect(mailsTo(email)).toHaveLength(1)
  })

  test('chooses nobody’s password', async () => {
    const { headers } = await newAdminKey()
    const email = newEmail()
    const body = { email, password: PASSWORD }
    expect(refusal(await client.post('/admin/users', { headers, body }))).toBe(
      '400 validation_failed',
    )
    expect(await rows('select id from users where email = ?', email)).toEqual([])
  })

  test('changes the roles of nobody, up or down', async () => {
    const { headers } = await newAdminKey()
    const person = await signUpHolder('analyst')
    const before = await grantsOf(person.userId)
    for (const roles of [['user', 'analyst', 'admin'], ['user'], []]) {
      const path = `/admin/users/${person.userId}/roles`
      expect(refusal(await client.put(path, { headers, body: { roles } }))).toBe(DENIED)
    }
    expect(await grantsOf(person.userId)).toEqual(before)
  })

  test('puts no permission into a role that somebody may hold', async () => {
    const { headers } = await newAdminKey()
    const role = await insertRole('users:read')
    const path = `/admin/roles/${role.id}/permissions`
    const body = { permissions: ['users:read', 'users:write'] }
    expect(refusal(await client.put(path, { headers, body }))).toBe(DENIED)
    const given = await rows('select * from role_permissions where role_id = ?', role.id)
    expect(given).toHaveLength(1)
  })

  test('still does what gives nothing: disables, enables, makes a role that nobody holds', async () => {
    const { headers } = await newAdminKey()
    const { userId } = await signUpPerson(client)
    for (const act of ['disable', 'enable', 'force-password-reset']) {
      expect((await client.post(`/admin/users/${userId}/${act}`, { headers })).status).toBe(200)
    }
    const body = { name: `r-${crypto.randomUUID()}`, permissions: ['users:read'] }
    expect((await client.post('/admin/roles', { headers, body })).status).toBe(201)
  })
})

describe('what everybody is given who signs up', () => {
  const given = async () =>
    rows('select permission_id from role_permissions where role_id = ?', await roleId('user'))

  test('is not for somebody with roles:write who holds the permission', async () => {
    const { token } = await signUpWith('roles:write', 'users:read')
    const path = `/admin/roles/${await roleId('user')}/permissions`
    const before = await given()
    const body = { permissions: ['users:read'] }
    expect(refusal(await client.put(path, { token, body }))).toBe(EXCEEDS)
    expect(await given()).toEqual(before)
    const anybody = await signUpPerson(client)
    const answer = await client.get('/admin/users', { token: anybody.session.access_token })
    expect(refusal(answer)).toBe(DENIED)
  })

  test('nor to be taken by them', async () => {
    const id = await roleId('user')
    await rows(
      `insert into role_permissions select ?, id from permissions where name = 'users:read'`,
      id,
    )
    const { token } = await signUpWith('roles:write', 'users:read')
    const path = `/admin/roles/${id}/permissions`
    const body = { permissions: [] }
    expect(refusal(await client.put(path, { token, body }))).toBe(EXCEEDS)
    expect(await given()).toHaveLength(1)
    const admin = await signUpHolder('admin')
    expect((await client.put(path, { token: admin.token, body })).status).toBe(200)
    expect(await given()).toEqual([])
  })

  test('is an admin’s, until they are none', async () => {
    const admin = await signUpHolder('admin')
    const role = await insertRole('roles:write', 'users:read')
    await rows(`insert into user_roles values (?, ?, null, 0)`, admin.userId, role.id)
    await withoutOtherAdmins(admin.userId)
    const path = `/admin/roles/${await roleId('user')}/permissions`
    const demote = () =>
      rows(
        `delete from user_roles where user_id = ? and role_id = (select id from roles where name = 'admin')`,
        admin.userId,
      )
    const by = createClient({ interfere: preempt('d1', 0, demote) })
    const body = { permissions: ['users:read'] }
    expect(refusal(await by.put(path, { token: admin.token, body }))).toBe(EXCEEDS)
    expect(await given()).toEqual([])
  })

  test('other roles are as before: for those who hold what they give', async () => {
    const { token } = await signUpWith('roles:write', 'users:read')
    const role = await insertRole()
    const path = `/admin/roles/${role.id}/permissions`
    const body = { permissions: ['users:read'] }
    expect((await client.put(path, { token, body })).status).toBe(200)
  })
})
