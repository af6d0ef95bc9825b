import type { Actor } from '../../store/actors'
import { setRolePermissions as setPermissions } from '../../store/role-administration'
import { ADMIN_ROLE, type Role } from '../../store/roles'
import { type AuthContext, moment } from '../auth-context'
import { AuthError } from '../errors'
import { requireAllWithinReach, requireNoApiKey, requireWithinReach } from '../require-permitted'
import { actorEvent } from './act-on-user'
import { requireKnownNames } from './require-known-names'
import { requireChangeableRole } from './role-change'

/**
 * Sets what a role gives. Its holders have it at once wherever D1 is asked, and in their tokens from the
 * next refresh. What everybody who signs up is given, the admins alone decide; no API key does any of this.
 * @throws AuthError invalid_token, permission_denied, role_not_found, exceeds_own_permissions,
 *   validation_failed for a permission that does not exist, built_in for the role admin
 */
export async function setRolePermissions(
  context: AuthContext,
  actor: Actor,
  { id, names }: { id: string; names: readonly string[] },
): Promise<Role> {
  requireNoApiKey(context, actor)
  const event = await actorEvent(context, actor, 'role_permissions_changed', {
    subjectId: null,
    detail: { role_id: id, permissions: names.join(' ') },
  })
  const result = await setPermissions(context.db, actor, { id, names, event }, moment(context))
  if (!result.isDone) {
    const before = requireChangeableRole(context, actor, id, result)
    const isWithinReach = before.isActorsToFill
    requireWithinReach(context, actor, { isWithinReach }, { detail: { role_id: id } })
    if (before.name === ADMIN_ROLE) throw new AuthError('built_in')
    requireKnownNames(names, result.givable, 'permissions')
    requireAllWithinReach(context, actor, result.givable)
  }
  if (!result.after) throw new AuthError('role_not_found')
  return result.after
}
