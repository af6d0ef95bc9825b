import type { Actor } from '../../store/actors'
import { changeRole as change } from '../../store/role-administration'
import type { Role } from '../../store/roles'
import { type AuthContext, moment } from '../auth-context'
import { AuthError } from '../errors'
import { actorEvent } from './act-on-user'
import { requireChangeableRole } from './role-change'

/**
 * Renames or describes a role; null leaves either as it is.
 * @throws AuthError invalid_token, permission_denied, role_not_found, exceeds_own_permissions, built_in,
 *   name_taken
 */
export async function changeRole(
  context: AuthContext,
  actor: Actor,
  { id, name, description }: { id: string; name: string | null; description: string | null },
): Promise<Role> {
  const detail = { role_id: id, ...(name && { name }) }
  const event = await actorEvent(context, actor, 'role_changed', { subjectId: null, detail })
  const roleChange = { id, name, description, event }
  const result = await change(context.db, actor, roleChange, moment(context))
  if (!result.isDone) {
    const before = requireChangeableRole(context, actor, id, result)
    if (before.isBuiltIn) throw new AuthError('built_in')
    if (result.isNameTaken) throw new AuthError('name_taken')
  }
  if (!result.after) throw new AuthError('role_not_found')
  return result.after
}
