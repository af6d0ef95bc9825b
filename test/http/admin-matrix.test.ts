import { describe, expect, test } from 'vitest'
import { documentedRoutes } from '../../src/http/openapi'
import { insertRole, signUpHolder, signUpWith } from '../platform/administrators'
import { createClient, refusal } from '../platform/client'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { eventTypes, row, rows, setActive } from '../platform/records'
import { testEndedSessions, testRefusals } from '../platform/refusals'
import { routes as allRoutes } from '../platform/routes'

// Every route under /admin, against everybody who might call it.

const client = createClient()

interface Call {
  readonly method: string
  readonly path: string
  readonly permission: string
  readonly body?: unknown
  readonly status?: number
  /** A body that is of the right type and not what is asked for. */
  readonly misuse?: unknown
}

/** What to send, and to whom or what, made anew for every case. */
const CALLS: Record<string, () => Promise<Call>> = {
  listUsers: async () => ({ method: 'GET', path: '/admin/users', permission: 'users:read' }),
  createUser: async () => ({
    method: 'POST',
    path: '/admin/users',
    permission: 'users:write',
    body: { email: newEmail() },
    status: 201,
    misuse: { email: newEmail(), password: PASSWORD },
  }),
  getUser: () => aboutUser('GET', '', { permission: 'users:read' }),
  renameUser: () => aboutUser('PATCH', '', { body: { name: 'New' }, misuse: { name: '' } }),
  setUserRoles: () =>
    aboutUser('PUT', '/roles', { body: { roles: ['user'] }, misuse: { roles: ['no-such-role'] } }),
  enableUser: () => aboutUser('POST', '/enable'),
  disableUser: () => aboutUser('POST', '/disable'),
  listUserSessions: () => aboutUser('GET', '/sessions', { permission: 'users:read' }),
  endUserSessions: () => aboutUser('DELETE', '/sessions'),
  forcePasswordReset: () => aboutUser('POST', '/force-password-reset'),
  inviteUser: async () => ({
    method: 'POST',
    path: '/admin/invitations',
    permission: 'users:write',
    body: { email: newEmail() },
    status: 202,
    misuse: { email: 'nobody' },
  }),
  listRoles: async () => ({ method: 'GET', path: '/admin/roles', permission: 'roles:read' }),
  createRole: async () => ({
    method: 'POST',
    path: '/admin/roles',
    permission: 'roles:write',
    body: { name: `r-${crypto.randomUUID()}`, permissions: ['users:read'] },
    status: 201,
    misuse: { name: 'UPPER' },
  }),
  changeRole: () => aboutRole('PATCH', '', { description: 'For a test' }, { name: 7 }),
  setRolePermissions: () =>
    aboutRole(
      'PUT',
      '/permissions',
      { permissions: ['users:read'] },
      { permissions: ['users:fly'] },
    ),
  deleteRole: () => aboutRole('DELETE', ''),
  listPermissions: async () => ({
    method: 'GET',
    path: '/admin/permissions',
    permission: 'roles:read',
  }),
  createPermission: async () => ({
    method: 'POST',
    path: '/admin/permissions',
    permission: 'roles:write',
    body: { name: `p${crypto.randomUUID().replaceAll('-', '')}:read` },
    status: 201,
    misuse: { name: 'read' },
  }),
  deletePermission: async () => {
    const id = crypto.randomUUID()
    const name = `p${id.replaceAll('-', '')}:read`
    await rows(`insert into permissions (id, name, description) values (?, ?, '')`, id, name)
    await rows(`insert into role_permissions select id, ? from roles where name in ('admin')`, id)
    return { method: 'DELETE', path: `/admin/permissions/${id}`, permission: 'roles:write' }
  },
  listAuditEvents: async () => ({
    method: 'GET',
    path: '/admin/audit-events',
    permission: 'audit_events:read',
  }),
}

async function aboutUser(
  method: string,
  suffix: string,
  more: { permission?: string; body?: unknown; misuse?: unknown } = {},
): Promise<Call> {
  const { userId } = await signUpPerson(client)
  return { method, path: `/admin/users/${userId}${suffix}`, permission: 'users:write', ...more }
}

async function aboutRole(
  method: string,
  suffix: string,
  body?: unknown,
  misuse?: unknown,
): Promise<Call> {
  const { id } = await insertRole()
  return {
    method,
    path: `/admin/roles/${id}${suffix}`,
    permission: 'roles:write',
    ...(body !== undefined && { body, misuse }),
  }
}

const send = (call: Call, token?: string, body = call.body) =>
  client.send(call.method, call.path, {
    ...(token !== undefined && { token }),
    ...(body !== undefined && { body }),
  })

const CHANGES = `select (select count(*) from users) as users, (select count(*) from roles) as roles,
  (select count(*) from permissions) as permissions, (select count(*) from audit_events
    where type not in ('user_signed_up', 'login_succeeded', 'permission_denied')) as events`

test('every route under /admin is in the matrix', () => {
  const routes = documentedRoutes(allRoutes).filter(({ path }) => path.startsWith('/admin'))
  expect(routes.map(({ operation }) => operation.operationId).toSorted()).toEqual(
    Object.keys(CALLS).toSorted(),
  )
})

describe.each(Object.entries(CALLS))('%s', (operationId, newCall) => {
  test('an admin may', async () => {
    const { token } = await signUpHolder('admin')
    const call = await newCall()
    const answer = await send(call, token)
    expect(answer.status, JSON.stringify(answer.body)).toBe(call.status ?? 200)
    expect(answer.cost.d1).toBe(1)
  })

  test('who holds the one permission may', async () => {
    const call = await newCall()
    const { token } = await signUpWith(...new Set([call.permission, 'users:read']))
    const answer = await send(call, token)
    const isPermissionOnlyAdminsHold = operationId === 'deletePermission'
    if (isPermissionOnlyAdminsHold) expect(refusal(answer)).toBe('403 exceeds_own_permissions')
    else expect(answer.status, JSON.stringify(answer.body)).toBe(call.status ?? 200)
  })

  test('who holds every other permission may not', async () => {
    const call = await newCall()
    const all = ['users:read', 'users:write', 'roles:read', 'roles:write', 'audit_events:read']
    const { token, userId } = await signUpWith(...all.filter((name) => name !== call.permission))
    const before = await row(CHANGES)
    expect(refusal(await send(call, token))).toBe('403 permission_denied')
    expect(await row(CHANGES)).toEqual(before)
    const denied = await row(
      `select * from audit_events where actor_id = ? and type = 'permission_denied'`,
      userId,
    )
    expect(denied).toMatchObject({ outcome: 'failure', subject_id: null })
    expect(JSON.parse(String(denied['subject_personal'])).detail).toEqual({
      code: 'permission_denied',
      required: call.permission,
      count: '1',
    })
  })

  test('a user may not', async () => {
    const { session } = await signUpPerson(client)
    const call = await newCall()
    const before = await row(CHANGES)
    const answer = await send(call, session.access_token)
    expect(refusal(answer)).toBe('403 permission_denied')
    expect(answer.headers.get('WWW-Authenticate')).toBe(
      'Bearer realm="gatehouse", error="insufficient_scope"',
    )
    expect(answer.cost).toMatchObject({ d1: 1, kvReads: 0, kvWrites: 0 })
    expect(await row(CHANGES)).toEqual(before)
  })

  test('an analyst may read', async () => {
    const { token } = await signUpHolder('analyst')
    const call = await newCall()
    const answer = await send(call, token)
    if (call.method === 'GET') expect(answer.status).toBe(200)
    else expect(refusal(answer)).toBe('403 permission_denied')
  })

  test('a disabled admin may not, at once, whatever the token says', async () => {
    const { token, userId } = await signUpHolder('admin')
    const call = await newCall()
    await setActive(userId, false)
    const before = await row(CHANGES)
    expect(refusal(await send(call, token))).toBe('401 invalid_token')
    expect(await row(CHANGES)).toEqual(before)
  })

  test('an admin no more may not, at once, whatever the token says', async () => {
    const { token, userId } = await signUpHolder('admin')
    const call = await newCall()
    await rows(
      `delete from user_roles where user_id = ? and role_id = (select id from roles where name = 'admin')`,
      userId,
    )
    expect(refusal(await send(call, token))).toBe('403 permission_denied')
  })

  test('an admin since a moment ago may, at once, whatever the token says', async () => {
    const { session, userId } = await signUpPerson(client)
    const call = await newCall()
    await rows(
      `insert into user_roles select ?, id, null, 0 from roles where name = 'admin'`,
      userId,
    )
    const answer = await send(call, session.access_token)
    expect(answer.status, JSON.stringify(answer.body)).toBe(call.status ?? 200)
  })

  test('misuse: a body or query that is not what is asked for', async () => {
    const { token } = await signUpHolder('admin')
    const call = await newCall()
    const before = await row(CHANGES)
    if (call.misuse !== undefined) {
      expect(refusal(await send(call, token, call.misuse))).toBe('400 validation_failed')
    }
    const listed = ['listUsers', 'listRoles', 'listPermissions', 'listAuditEvents']
    if (listed.includes(operationId)) {
      for (const query of ['limit=0', 'limit=101', 'limit=1&limit=2', 'cursor=x', 'colour=red']) {
        const path = `${call.path}?${query}`
        expect(refusal(await send({ ...call, path }, token)), query).toBe('400 validation_failed')
      }
    }
    expect(await row(CHANGES)).toEqual(before)
  })
})

describe('tokens that are refused everywhere', () => {
  testRefusals('GET', '/admin/users')
  testEndedSessions('GET', '/admin/users')
  testEndedSessions('POST', '/admin/roles', { body: { name: 'never' } })
})

test('nothing that an admin does to somebody is recorded as their own act', async () => {
  const { token } = await signUpHolder('admin')
  const { userId } = await signUpPerson(client)
  await client.patch(`/admin/users/${userId}`, { token, body: { name: 'Named' } })
  expect(await eventTypes(userId)).toEqual(['user_signed_up', 'user_renamed'])
})
