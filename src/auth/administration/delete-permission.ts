import type { Actor } from '../../store/actors'
import { deletePermission as remove } from '../../store/permissions'
import { type AuthContext, moment } from '../auth-context'
import { AuthError } from '../errors'
import { requirePermitted, requireWithinReach } from '../require-permitted'
import { actorEvent } from './act-on-user'

/**
 * Deletes a permission that no role but admin gives.
 * @throws AuthError invalid_token, permission_denied, permission_not_found, exceeds_own_permissions,
 *   built_in, in_use
 */
export async function deletePermission(
  context: AuthContext,
  actor: Actor,
  id: string,
): Promise<void> {
  const detail = { permission_id: id }
  const event = await actorEvent(context, actor, 'permission_deleted', { subjectId: null, detail })
  const result = await remove(context.db, actor, { id, event }, moment(context))
  if (result.isDone) return
  requirePermitted(context, actor, result.actor)
  if (!result.before) throw new AuthError('permission_not_found')
  requireWithinReach(context, actor, result.before, { detail: { permission_id: id } })
  throw new AuthError(result.before.isBuiltIn ? 'built_in' : 'in_use')
}
