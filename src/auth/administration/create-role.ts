import { uuidV7 } from '../../crypto/uuid'
import type { Actor } from '../../store/actors'
import { createRole as create } from '../../store/role-administration'
import type { Role } from '../../store/roles'
import { type AuthContext, moment } from '../auth-context'
import { AuthError } from '../errors'
import { requireAllWithinReach, requirePermitted } from '../require-permitted'
import { actorEvent } from './act-on-user'
import { requireKnownNames } from './require-known-names'

/**
 * Creates a role that gives permissions which the actor holds.
 * @throws AuthError invalid_token, permission_denied, exceeds_own_permissions, name_taken,
 *   validation_failed for a permission that does not exist
 */
export async function createRole(
  context: AuthContext,
  actor: Actor,
  input: { name: string; description: string; permissions: readonly string[] },
): Promise<Role> {
  const { name, description, permissions: names } = input
  const role = { id: uuidV7(context.now), name, description }
  const detail = { role_id: role.id, name, permissions: names.join(' ') }
  const event = await actorEvent(context, actor, 'role_created', { subjectId: null, detail })
  const result = await create(context.db, actor, { role, names, event }, moment(context))
  if (result.created) return result.created
  requirePermitted(context, actor, result.actor)
  requireKnownNames(names, result.givable, 'permissions')
  requireAllWithinReach(context, actor, result.givable)
  throw new AuthError('name_taken')
}
