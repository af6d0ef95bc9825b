import { createUser } from '../../auth/administration/create-user'
import { enableUser } from '../../auth/administration/enable-user'
import { getUser } from '../../auth/administration/get-user'
import { listUserSessions } from '../../auth/administration/list-user-sessions'
import { listUsers } from '../../auth/administration/list-users'
import { lockOutUser } from '../../auth/administration/lock-out-user'
import { renameUser } from '../../auth/administration/rename-user'
import { setUserRoles } from '../../auth/administration/set-user-roles'
import {
  IdParam,
  presentUsers,
  UserList,
  UserQuery,
  UserRename,
  UserRoles,
  UserToCreate,
} from '../administration-wire'
import { factory } from '../factory'
import { operation, valid } from '../openapi'
import { requirePermission } from '../require-permission'
import { ADMINISTRATION } from '../route-problems'
import { presentListedSession, UserSessionList } from '../session-list-wire'
import { presentUser, User } from '../wire'

const tag = 'Administration: users'
const USER = { 200: { description: 'The user', schema: User } }
const ON_USER = ['user_not_found', 'exceeds_own_permissions'] as const
const WRITE = [...ADMINISTRATION.write, ...ON_USER] as const

export const adminUsers = factory
  .createApp()
  .get(
    '/',
    operation({
      operationId: 'listUsers',
      summary: 'Users: the last created first, by email with `email`, by id with `role`',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'A page of users', schema: UserList } },
      problems: ADMINISTRATION.read,
    }),
    requirePermission('users:read'),
    valid('query', UserQuery),
    async (c) =>
      c.json(
        presentUsers(await listUsers(c.get('auth'), c.get('actor'), c.req.valid('query'))),
        200,
      ),
  )
  .post(
    '/',
    operation({
      operationId: 'createUser',
      summary: 'Create an account for somebody',
      description:
        'A link is mailed by which they choose the password; no administrator sets one. An API key creates accounts with no role but `user`.',
      tag,
      bearer: 'required',
      responses: { 201: { description: 'The user', schema: User } },
      problems: [...ADMINISTRATION.write, 'exceeds_own_permissions', 'email_taken'],
    }),
    requirePermission('users:write'),
    valid('json', UserToCreate),
    async (c) => {
      const { name = null, ...input } = c.req.valid('json')
      const user = { ...input, name }
      return c.json(presentUser(await createUser(c.get('auth'), c.get('actor'), user)), 201)
    },
  )
  .get(
    '/:id',
    operation({
      operationId: 'getUser',
      summary: 'One user',
      tag,
      bearer: 'required',
      responses: USER,
      problems: [...ADMINISTRATION.read, 'user_not_found'],
    }),
    requirePermission('users:read'),
    valid('param', IdParam),
    async (c) =>
      c.json(
        presentUser(await getUser(c.get('auth'), c.get('actor'), c.req.valid('param').id)),
        200,
      ),
  )
  .patch(
    '/:id',
    operation({
      operationId: 'renameUser',
      summary: 'Change the name of a user',
      tag,
      bearer: 'required',
      responses: USER,
      problems: WRITE,
    }),
    requirePermission('users:write'),
    valid('param', IdParam),
    valid('json', UserRename),
    async (c) => {
      const change = { userId: c.req.valid('param').id, name: c.req.valid('json').name }
      return c.json(presentUser(await renameUser(c.get('auth'), c.get('actor'), change)), 200)
    },
  )
  .put(
    '/:id/roles',
    operation({
      operationId: 'setUserRoles',
      summary: 'Set the roles of a user',
      description:
        'Their tokens are outdated, their sessions go on: the next refresh has the new roles. Unless `EMAIL_VERIFICATION` is off, roles that carry permissions are only given to a user whose email is verified. No API key does this: what it gave would outlive it.',
      tag,
      bearer: 'no_api_key',
      responses: USER,
      problems: [...WRITE, 'last_admin', 'user_not_verified'],
    }),
    requirePermission('users:write'),
    valid('param', IdParam),
    valid('json', UserRoles),
    async (c) => {
      const change = { userId: c.req.valid('param').id, names: c.req.valid('json').roles }
      return c.json(presentUser(await setUserRoles(c.get('auth'), c.get('actor'), change)), 200)
    },
  )
  .post(
    '/:id/enable',
    operation({
      operationId: 'enableUser',
      summary: 'Let a disabled user log in again',
      tag,
      bearer: 'required',
      responses: USER,
      problems: WRITE,
    }),
    requirePermission('users:write'),
    valid('param', IdParam),
    async (c) =>
      c.json(
        presentUser(await enableUser(c.get('auth'), c.get('actor'), c.req.valid('param').id)),
        200,
      ),
  )
  .post(
    '/:id/disable',
    operation({
      operationId: 'disableUser',
      summary: 'Keep a user from logging in, and end all of their sessions',
      tag,
      bearer: 'required',
      responses: USER,
      problems: [...WRITE, 'last_admin'],
    }),
    requirePermission('users:write'),
    valid('param', IdParam),
    async (c) => {
      const act = { userId: c.req.valid('param').id, reason: 'user_disabled' } as const
      return c.json(presentUser(await lockOutUser(c.get('auth'), c.get('actor'), act)), 200)
    },
  )
  .get(
    '/:id/sessions',
    operation({
      operationId: 'listUserSessions',
      summary: 'The live sessions of a user, the last used first',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'The sessions', schema: UserSessionList } },
      problems: [...ADMINISTRATION.read, 'user_not_found'],
    }),
    requirePermission('users:read'),
    valid('param', IdParam),
    async (c) => {
      const sessions = await listUserSessions(
        c.get('auth'),
        c.get('actor'),
        c.req.valid('param').id,
      )
      return c.json({ sessions: sessions.map(presentListedSession) }, 200)
    },
  )
  .delete(
    '/:id/sessions',
    operation({
      operationId: 'endUserSessions',
      summary: 'End all sessions and API keys of a user',
      tag,
      bearer: 'required',
      responses: USER,
      problems: WRITE,
    }),
    requirePermission('users:write'),
    valid('param', IdParam),
    async (c) => {
      const act = { userId: c.req.valid('param').id, reason: 'ended_by_administrator' } as const
      return c.json(presentUser(await lockOutUser(c.get('auth'), c.get('actor'), act)), 200)
    },
  )
  .post(
    '/:id/force-password-reset',
    operation({
      operationId: 'forcePasswordReset',
      summary: 'Take the password of a user away, and end all of their sessions',
      description:
        'A link is mailed by which they choose another. No administrator sets one for them.',
      tag,
      bearer: 'required',
      responses: USER,
      problems: [...WRITE, 'last_admin'],
    }),
    requirePermission('users:write'),
    valid('param', IdParam),
    async (c) => {
      const act = { userId: c.req.valid('param').id, reason: 'password_reset' } as const
      return c.json(presentUser(await lockOutUser(c.get('auth'), c.get('actor'), act)), 200)
    },
  )
