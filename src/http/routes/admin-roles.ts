import { changeRole } from '../../auth/administration/change-role'
import { createRole } from '../../auth/administration/create-role'
import { deleteRole } from '../../auth/administration/delete-role'
import { listRoles } from '../../auth/administration/list-roles'
import { setRolePermissions } from '../../auth/administration/set-role-permissions'
import {
  IdParam,
  NameQuery,
  presentRole,
  presentRoles,
  Role,
  RoleChange,
  RoleList,
  RolePermissions,
  RoleToCreate,
} from '../administration-wire'
import { factory } from '../factory'
import { operation, valid } from '../openapi'
import { requirePermission } from '../require-permission'
import { ADMINISTRATION } from '../route-problems'
import { Message } from '../wire'

const tag = 'Administration: roles'
const ROLE = { 200: { description: 'The role', schema: Role } }
const ON_ROLE = ['role_not_found', 'exceeds_own_permissions', 'built_in'] as const
const WRITE = [...ADMINISTRATION.write, ...ON_ROLE] as const

export const adminRoles = factory
  .createApp()
  .get(
    '/',
    operation({
      operationId: 'listRoles',
      summary: 'Roles, by name',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'A page of roles', schema: RoleList } },
      problems: ADMINISTRATION.read,
    }),
    requirePermission('roles:read'),
    valid('query', NameQuery),
    async (c) =>
      c.json(
        presentRoles(await listRoles(c.get('auth'), c.get('actor'), c.req.valid('query'))),
        200,
      ),
  )
  .post(
    '/',
    operation({
      operationId: 'createRole',
      summary: 'Create a role of permissions that you hold',
      tag,
      bearer: 'required',
      responses: { 201: { description: 'The role', schema: Role } },
      problems: [...ADMINISTRATION.write, 'exceeds_own_permissions', 'name_taken'],
    }),
    requirePermission('roles:write'),
    valid('json', RoleToCreate),
    async (c) =>
      c.json(
        presentRole(await createRole(c.get('auth'), c.get('actor'), c.req.valid('json'))),
        201,
      ),
  )
  .patch(
    '/:id',
    operation({
      operationId: 'changeRole',
      summary: 'Rename or describe a role',
      tag,
      bearer: 'required',
      responses: ROLE,
      problems: [...WRITE, 'name_taken'],
    }),
    requirePermission('roles:write'),
    valid('param', IdParam),
    valid('json', RoleChange),
    async (c) => {
      const { name = null, description = null } = c.req.valid('json')
      const change = { id: c.req.valid('param').id, name, description }
      return c.json(presentRole(await changeRole(c.get('auth'), c.get('actor'), change)), 200)
    },
  )
  .put(
    '/:id/permissions',
    operation({
      operationId: 'setRolePermissions',
      summary: 'Set what a role gives',
      description:
        'Its holders have it at once wherever the database is asked, in their tokens from the next refresh. Of the role `user`, which everybody has, admins alone set it; no API key sets any: what it gave would outlive it.',
      tag,
      bearer: 'no_api_key',
      responses: ROLE,
      problems: WRITE,
    }),
    requirePermission('roles:write'),
    valid('param', IdParam),
    valid('json', RolePermissions),
    async (c) => {
      const change = { id: c.req.valid('param').id, names: c.req.valid('json').permissions }
      return c.json(
        presentRole(await setRolePermissions(c.get('auth'), c.get('actor'), change)),
        200,
      )
    },
  )
  .delete(
    '/:id',
    operation({
      operationId: 'deleteRole',
      summary: 'Delete a role that nobody holds',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'It is gone', schema: Message } },
      problems: [...ADMINISTRATION.write, ...ON_ROLE, 'in_use'],
    }),
    requirePermission('roles:write'),
    valid('param', IdParam),
    async (c) => {
      await deleteRole(c.get('auth'), c.get('actor'), c.req.valid('param').id)
      return c.json({ message: 'The role is gone' }, 200)
    },
  )
