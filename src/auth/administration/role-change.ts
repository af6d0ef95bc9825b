import type { Actor, ActorState } from '../../store/actors'
import type { RoleState } from '../../store/role-administration'
import type { AuthContext } from '../auth-context'
import { AuthError } from '../errors'
import { requirePermitted, requireWithinReach } from '../require-permitted'

/**
 * What the batch of a change to a role must show for it to have been possible.
 * @throws AuthError invalid_token, permission_denied, role_not_found, exceeds_own_permissions
 */
export function requireChangeableRole(
  context: AuthContext,
  actor: Actor,
  id: string,
  { actor: state, before }: { actor: ActorState | undefined; before: RoleState | undefined },
): RoleState {
  requirePermitted(context, actor, state)
  if (!before) throw new AuthError('role_not_found')
  requireWithinReach(context, actor, before, { detail: { role_id: id } })
  return before
}
