import { createPermission } from '../../auth/administration/create-permission'
import { deletePermission } from '../../auth/administration/delete-permission'
import { listPermissions } from '../../auth/administration/list-permissions'
import {
  IdParam,
  NameQuery,
  Permission,
  PermissionList,
  PermissionToCreate,
  presentPermission,
  presentPermissions,
} from '../administration-wire'
import { factory } from '../factory'
import { operation, valid } from '../openapi'
import { requirePermission } from '../require-permission'
import { ADMINISTRATION } from '../route-problems'
import { Message } from '../wire'

const tag = 'Administration: roles'

export const adminPermissions = factory
  .createApp()
  .get(
    '/',
    operation({
      operationId: 'listPermissions',
      summary: 'Permissions, by name',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'A page of permissions', schema: PermissionList } },
      problems: ADMINISTRATION.read,
    }),
    requirePermission('roles:read'),
    valid('query', NameQuery),
    async (c) => {
      const page = await listPermissions(c.get('auth'), c.get('actor'), c.req.valid('query'))
      return c.json(presentPermissions(page), 200)
    },
  )
  .post(
    '/',
    operation({
      operationId: 'createPermission',
      summary: 'Create a permission, which the admins hold from the start',
      tag,
      bearer: 'required',
      responses: { 201: { description: 'The permission', schema: Permission } },
      problems: [...ADMINISTRATION.write, 'name_taken'],
    }),
    requirePermission('roles:write'),
    valid('json', PermissionToCreate),
    async (c) => {
      const permission = await createPermission(c.get('auth'), c.get('actor'), c.req.valid('json'))
      return c.json(presentPermission(permission), 201)
    },
  )
  .delete(
    '/:id',
    operation({
      operationId: 'deletePermission',
      summary: 'Delete a permission that no role but admin gives',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'It is gone', schema: Message } },
      problems: [
        ...ADMINISTRATION.write,
        'permission_not_found',
        'exceeds_own_permissions',
        'built_in',
        'in_use',
      ],
    }),
    requirePermission('roles:write'),
    valid('param', IdParam),
    async (c) => {
      await deletePermission(c.get('auth'), c.get('actor'), c.req.valid('param').id)
      return c.json({ message: 'The permission is gone' }, 200)
    },
  )
