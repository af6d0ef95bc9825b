import { describe, expect, test } from 'vitest'
import { Permission, Role } from '../../../src/http/administration-wire'
import {
  grantRoles,
  insertRole,
  roleId,
  signUpHolder,
  signUpWith,
} from '../../platform/administrators'
import { createClient, refusal } from '../../platform/client'
import { signUpPerson } from '../../platform/people'
import { row, rows } from '../../platform/records'

const client = createClient()

const newName = () => `r-${crypto.randomUUID()}`
const newPermission = () => `p${crypto.randomUUID().replaceAll('-', '')}:read`

async function createRole(token: string, body: object) {
  return Role().parse((await client.post('/admin/roles', { token, body })).body)
}

async function permissionsOf(id: string) {
  const found = await rows(
    `select name from role_permissions join permissions on id = permission_id
      where role_id = ? order by name`,
    id,
  )
  return found.map(({ name }) => name)
}

describe('roles', () => {
  test('from creation to deletion, while somebody holds one', async () => {
    const { token } = await signUpHolder('admin')
    const name = newName()
    const role = await createRole(token, {
      name,
      description: 'Keeps the books',
      permissions: ['users:read', 'users:read'],
    })
    expect(role).toMatchObject({ name, permissions: ['users:read'], built_in: false })
    const path = `/admin/roles/${role.id}`

    const person = await signUpPerson(client)
    await grantRoles(person.userId, name)
    const { access_token } = person.session
    expect((await client.get('/admin/users', { token: access_token })).status).toBe(200)

    const body = { permissions: ['roles:read'] }
    const set = await client.put(`${path}/permissions`, { token, body })
    expect(Role().parse(set.body).permissions).toEqual(['roles:read'])
    expect(refusal(await client.get('/admin/users', { token: access_token }))).toBe(
      '403 permission_denied',
    )
    expect((await client.get('/admin/roles', { token: access_token })).status).toBe(200)
    const me = await client.get('/auth/me', { token: access_token })
    expect(me.body).toMatchObject({ permissions: ['roles:read'] })

    const renamed = await client.patch(path, { token, body: { name: `${name}-2` } })
    expect(renamed.body).toMatchObject({ name: `${name}-2`, description: 'Keeps the books' })

    expect(refusal(await client.delete(path, { token }))).toBe('409 in_use')
    await client.put(`/admin/users/${person.userId}/roles`, { token, body: { roles: [] } })
    expect((await client.delete(path, { token })).status).toBe(200)
    expect(refusal(await client.delete(path, { token }))).toBe('404 role_not_found')
    expect(await permissionsOf(role.id)).toEqual([])
    const events = await rows(
      `select type, subject_personal from audit_events where json_extract(subject_personal, '$.detail.role_id') = ? order by seq`,
      role.id,
    )
    expect(events.map(({ type }) => type)).toEqual([
      'role_created',
      'role_permissions_changed',
      'role_changed',
      'role_deleted',
    ])
    const details = events.map(
      ({ subject_personal }) => JSON.parse(String(subject_personal)).detail,
    )
    expect(details.slice(0, 3)).toMatchObject([
      { name, permissions: 'users:read' },
      { permissions: 'roles:read' },
      { name: `${name}-2` },
    ])
  })

  test('a taken name, for a new role and for an old one', async () => {
    const { token } = await signUpHolder('admin')
    const [one, other] = [newName(), newName()]
    await createRole(token, { name: one })
    const { id } = await createRole(token, { name: other })
    const taken = await client.post('/admin/roles', { token, body: { name: one } })
    expect(refusal(taken)).toBe('409 name_taken')
    const body = { name: one, description: 'New' }
    expect(refusal(await client.patch(`/admin/roles/${id}`, { token, body }))).toBe(
      '409 name_taken',
    )
    expect(await row('select name, description from roles where id = ?', id)).toEqual({
      name: other,
      description: '',
    })
  })

  test('what changes nothing records nothing', async () => {
    const { token } = await signUpHolder('admin')
    const { id, name } = await createRole(token, { name: newName(), permissions: ['users:read'] })
    const { events } = await row('select count(*) as events from audit_events')
    for (const body of [{}, { name }, { description: '' }]) {
      expect((await client.patch(`/admin/roles/${id}`, { token, body })).status).toBe(200)
    }
    const body = { permissions: ['users:read'] }
    expect((await client.put(`/admin/roles/${id}/permissions`, { token, body })).status).toBe(200)
    expect(await row('select count(*) as events from audit_events')).toEqual({ events })
  })

  test('the built-in ones are not deleted or renamed, and admin keeps every permission', async () => {
    const { token } = await signUpHolder('admin')
    for (const name of ['user', 'analyst', 'admin']) {
      const path = `/admin/roles/${await roleId(name)}`
      expect(refusal(await client.delete(path, { token }))).toBe('409 built_in')
      const body = { name: newName() }
      expect(refusal(await client.patch(path, { token, body }))).toBe('409 built_in')
    }
    const admin = `/admin/roles/${await roleId('admin')}/permissions`
    const body = { permissions: ['users:read'] }
    expect(refusal(await client.put(admin, { token, body }))).toBe('409 built_in')
    const user = `/admin/roles/${await roleId('user')}/permissions`
    expect((await client.put(user, { token, body })).status).toBe(200)
    expect((await client.put(user, { token, body: { permissions: [] } })).status).toBe(200)
  })

  test('no such role', async () => {
    const { token } = await signUpHolder('admin')
    const path = '/admin/roles/no-such-role'
    const answers = [
      await client.patch(path, { token, body: { description: 'x' } }),
      await client.put(`${path}/permissions`, { token, body: { permissions: [] } }),
      await client.delete(path, { token }),
    ]
    expect(answers.map(refusal)).toEqual(Array(3).fill('404 role_not_found'))
  })
})

describe('nobody exceeds what they hold', () => {
  const EXCEEDS = '403 exceeds_own_permissions'

  test('no role of permissions that the actor lacks is made, nor given them', async () => {
    const { token, role } = await signUpWith('roles:write', 'users:read')
    const body = { name: newName(), permissions: ['users:read', 'users:write'] }
    expect(refusal(await client.post('/admin/roles', { token, body }))).toBe(EXCEEDS)
    expect(await rows('select id from roles where name = ?', body.name)).toEqual([])
    const own = `/admin/roles/${role.id}/permissions`
    const more = { permissions: ['roles:write', 'users:read', 'users:write'] }
    expect(refusal(await client.put(own, { token, body: more }))).toBe(EXCEEDS)
    expect(await permissionsOf(role.id)).toEqual(['roles:write', 'users:read'])
  })

  test('a role that gives what the actor lacks is not changed, emptied or deleted', async () => {
    const { token } = await signUpWith('roles:write')
    const { id, name } = await insertRole('audit_events:read')
    const path = `/admin/roles/${id}`
    const answers = [
      await client.patch(path, { token, body: { name: newName() } }),
      await client.put(`${path}/permissions`, { token, body: { permissions: [] } }),
      await client.delete(path, { token }),
    ]
    expect(answers.map(refusal)).toEqual([EXCEEDS, EXCEEDS, EXCEEDS])
    expect((await row('select name from roles where id = ?', id))['name']).toBe(name)
    expect(await permissionsOf(id)).toEqual(['audit_events:read'])
  })
})

describe('permissions', () => {
  test('the admins hold a new one at once and can give it', async () => {
    const { token, userId } = await signUpHolder('admin')
    const name = newPermission()
    const body = { name, description: 'Reads invoices' }
    const created = await client.post('/admin/permissions', { token, body })
    const { id } = Permission().parse(created.body)
    expect(created.body).toMatchObject({ ...body, built_in: false })
    const me = await client.get('/auth/me', { token })
    expect((me.body as { permissions: string[] }).permissions).toContain(name)

    const role = await createRole(token, { name: newName(), permissions: [name] })
    const path = `/admin/permissions/${id}`
    expect(refusal(await client.delete(path, { token }))).toBe('409 in_use')
    await client.delete(`/admin/roles/${role.id}`, { token })
    expect((await client.delete(path, { token })).status).toBe(200)
    expect(refusal(await client.delete(path, { token }))).toBe('404 permission_not_found')
    const after = await client.get(`/admin/users/${userId}`, { token })
    expect((after.body as { permissions: string[] }).permissions).not.toContain(name)
  })

  test('who may write roles and is no admin can make one, and not give it', async () => {
    const { token } = await signUpWith('roles:write')
    const name = newPermission()
    expect((await client.post('/admin/permissions', { token, body: { name } })).status).toBe(201)
    const body = { name: newName(), permissions: [name] }
    expect(refusal(await client.post('/admin/roles', { token, body }))).toBe(
      '403 exceeds_own_permissions',
    )
  })

  test('a taken name; the built-in ones stay', async () => {
    const { token } = await signUpHolder('admin')
    const body = { name: 'users:read' }
    expect(refusal(await client.post('/admin/permissions', { token, body }))).toBe('409 name_taken')
    for (const name of [
      'users:read',
      'users:write',
      'roles:read',
      'roles:write',
      'audit_events:read',
    ]) {
      const { id } = await row('select id from permissions where name = ?', name)
      expect(refusal(await client.delete(`/admin/permissions/${id}`, { token }))).toBe(
        '409 built_in',
      )
    }
  })

  test('a role asked to give one that does not exist', async () => {
    const { token } = await signUpHolder('admin')
    const body = { name: newName(), permissions: ['users:read', 'users:fly'] }
    const answer = await client.post('/admin/roles', { token, body })
    expect(answer.body).toMatchObject({
      errors: [{ path: 'permissions', message: 'users:fly does not exist' }],
    })
  })
})
