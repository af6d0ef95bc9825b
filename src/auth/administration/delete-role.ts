import type { Actor } from '../../store/actors'
import { deleteRole as remove } from '../../store/role-administration'
import { type AuthContext, moment } from '../auth-context'
import { AuthError } from '../errors'
import { actorEvent } from './act-on-user'
import { requireChangeableRole } from './role-change'

/**
 * Deletes a role that nobody holds.
 * @throws AuthError invalid_token, permission_denied, role_not_found, exceeds_own_permissions, built_in,
 *   in_use
 */
export async function deleteRole(context: AuthContext, actor: Actor, id: string): Promise<void> {
  const detail = { role_id: id }
  const event = await actorEvent(context, actor, 'role_deleted', { subjectId: null, detail })
  const result = await remove(context.db, actor, { id, event }, moment(context))
  if (result.isDone) return
  const before = requireChangeableRole(context, actor, id, result)
  throw new AuthError(before.isBuiltIn ? 'built_in' : 'in_use')
}
