import { uuidV7 } from '../../crypto/uuid'
import type { Actor } from '../../store/actors'
import { createPermission as create, type Permission } from '../../store/permissions'
import { type AuthContext, moment } from '../auth-context'
import { AuthError } from '../errors'
import { requirePermitted } from '../require-permitted'
import { actorEvent } from './act-on-user'

/**
 * Creates a permission. The admins hold it from the start, so that there is somebody who can give it.
 * @throws AuthError invalid_token, permission_denied, name_taken
 */
export async function createPermission(
  context: AuthContext,
  actor: Actor,
  input: { name: string; description: string },
): Promise<Permission> {
  const permission = { id: uuidV7(context.now), ...input }
  const detail = { permission_id: permission.id, name: permission.name }
  const event = await actorEvent(context, actor, 'permission_created', { subjectId: null, detail })
  const result = await create(context.db, actor, { permission, event }, moment(context))
  if (result.created) return result.created
  requirePermitted(context, actor, result.actor)
  throw new AuthError('name_taken')
}
