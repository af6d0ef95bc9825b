import { insertRole, signUpHolder } from '../platform/administrators'
import { createClient } from '../platform/client'
import { lastTokenTo } from '../platform/mails'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { rows } from '../platform/records'
import type { Call, Flow } from './flow'

// What administrators do to others, to roles and to permissions.

const client = createClient()

/** As an admin. */
async function as(method: string, path: string, body?: unknown): Promise<Call> {
  const { token } = await signUpHolder('admin')
  return { method, path, token, body }
}

async function aboutUser(method: string, suffix = '', body?: unknown) {
  const { userId, email } = await signUpPerson(client)
  return { ...(await as(method, `/admin/users/${userId}${suffix}`, body)), userId, email }
}

async function aboutRole(method: string, suffix = '', body?: unknown): Promise<Call> {
  const { id } = await insertRole('users:read')
  return as(method, `/admin/roles/${id}${suffix}`, body)
}

const newPermission = () => ({ name: `p${crypto.randomUUID().replaceAll('-', '')}:read` })

const USERS: readonly Flow[] = [
  { operation: 'listUsers', prepare: () => as('GET', '/admin/users') },
  { operation: 'getUser', prepare: () => aboutUser('GET') },
  { operation: 'listUserSessions', prepare: () => aboutUser('GET', '/sessions') },
  {
    operation: 'createUser',
    again: '409 email_taken',
    prepare: async () => {
      const email = newEmail()
      const afterwards = (): Call => ({
        method: 'POST',
        path: '/auth/reset-password',
        body: { token: lastTokenTo(email), new_password: PASSWORD },
      })
      return { ...(await as('POST', '/admin/users', { email })), afterwards }
    },
    records: ['user_created'],
    tells: 'user_created',
  },
  {
    operation: 'renameUser',
    prepare: () => aboutUser('PATCH', '', { name: 'New' }),
    records: ['user_renamed'],
    tells: 'user_renamed',
  },
  {
    operation: 'setUserRoles',
    prepare: () => aboutUser('PUT', '/roles', { roles: ['analyst'] }),
    records: ['roles_changed'],
    tells: 'roles_changed',
  },
  {
    operation: 'setUserRoles',
    name: 'stepping down as an admin',
    // Who is no admin any more may not even ask.
    again: '403 permission_denied',
    prepare: async () => {
      await signUpHolder('admin')
      const { token, userId } = await signUpHolder('admin')
      const body = { roles: ['user'] }
      return { method: 'PUT', path: `/admin/users/${userId}/roles`, token, body }
    },
    records: ['roles_changed'],
    tells: 'roles_changed',
  },
  {
    operation: 'disableUser',
    prepare: () => aboutUser('POST', '/disable'),
    records: ['user_disabled'],
    tells: 'user_disabled',
  },
  {
    operation: 'enableUser',
    prepare: async () => {
      const { userId, ...call } = await aboutUser('POST', '/enable')
      await rows('update users set is_active = 0 where id = ?', userId)
      return call
    },
    records: ['user_enabled'],
    tells: 'user_enabled',
  },
  {
    operation: 'endUserSessions',
    prepare: () => aboutUser('DELETE', '/sessions'),
    records: ['user_sessions_ended'],
    tells: 'user_sessions_ended',
  },
  {
    operation: 'forcePasswordReset',
    prepare: async () => {
      const { email, ...call } = await aboutUser('POST', '/force-password-reset')
      const body = () => ({ token: lastTokenTo(email), new_password: 'another horse, another one' })
      return {
        ...call,
        afterwards: () => ({ method: 'POST', path: '/auth/reset-password', body: body() }),
      }
    },
    records: ['password_reset_forced'],
    tells: 'password_reset_forced',
  },
  {
    operation: 'inviteUser',
    prepare: async () => {
      const email = newEmail()
      const body = () => ({ email, password: PASSWORD, invitation: lastTokenTo(email) })
      return {
        ...(await as('POST', '/admin/invitations', { email })),
        afterwards: () => ({ method: 'POST', path: '/auth/signup', body: body() }),
      }
    },
    records: ['user_invited'],
  },
]

const ROLES: readonly Flow[] = [
  { operation: 'listRoles', prepare: () => as('GET', '/admin/roles') },
  {
    operation: 'createRole',
    again: '409 name_taken',
    prepare: () => as('POST', '/admin/roles', { name: 'some-role', permissions: ['users:read'] }),
    records: ['role_created'],
  },
  {
    operation: 'changeRole',
    prepare: () => aboutRole('PATCH', '', { description: 'New' }),
    records: ['role_changed'],
  },
  {
    operation: 'setRolePermissions',
    prepare: () => aboutRole('PUT', '/permissions', { permissions: ['roles:read'] }),
    records: ['role_permissions_changed'],
  },
  {
    operation: 'deleteRole',
    again: '404 role_not_found',
    prepare: () => aboutRole('DELETE'),
    records: ['role_deleted'],
  },
]

const PERMISSIONS: readonly Flow[] = [
  { operation: 'listPermissions', prepare: () => as('GET', '/admin/permissions') },
  {
    operation: 'createPermission',
    again: '409 name_taken',
    prepare: () => as('POST', '/admin/permissions', newPermission()),
    records: ['permission_created'],
  },
  {
    operation: 'deletePermission',
    again: '404 permission_not_found',
    prepare: async () => {
      const { token } = await signUpHolder('admin')
      const created = await client.post('/admin/permissions', { token, body: newPermission() })
      const { id } = created.body as { id: string }
      return { method: 'DELETE', path: `/admin/permissions/${id}`, token }
    },
    records: ['permission_deleted'],
  },
  { operation: 'listAuditEvents', prepare: () => as('GET', '/admin/audit-events') },
]

export const ADMINISTRATION_FLOWS: readonly Flow[] = [...USERS, ...ROLES, ...PERMISSIONS]
