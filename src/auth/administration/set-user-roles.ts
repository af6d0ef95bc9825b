import type { Actor } from '../../store/actors'
import { ADMIN_ROLE } from '../../store/roles'
import { setUserRoles as setRoles } from '../../store/user-administration'
import type { UserAccount } from '../../store/users'
import { type AuthContext, moment } from '../auth-context'
import { AuthError } from '../errors'
import { publishRevocations, revocationExpiry } from '../publish-revocations'
import { requireAllWithinReach, requireNoApiKey } from '../require-permitted'
import { actorEvent, requireActed } from './act-on-user'
import { requireKnownNames } from './require-known-names'

/**
 * Sets the roles of a user. Their tokens are outdated and their sessions go on: the next refresh has the
 * new roles. No API key does this.
 * @throws AuthError invalid_token, permission_denied, user_not_found, exceeds_own_permissions,
 *   validation_failed for a role that does not exist, last_admin, user_not_verified
 */
export async function setUserRoles(
  context: AuthContext,
  actor: Actor,
  { userId, names }: { userId: string; names: readonly string[] },
): Promise<UserAccount> {
  requireNoApiKey(context, actor)
  const event = await actorEvent(context, actor, 'roles_changed', {
    subjectId: userId,
    detail: { roles: names.join(' ') },
  })
  const grant = { userId, names, grantedBy: actor.userId, now: context.now }
  const mustBeVerified = context.config.emailVerification !== 'off'
  const change = { grant, event, mustBeVerified, revocationExpiresAt: revocationExpiry(context) }
  const act = await setRoles(context.db, actor, change, moment(context))
  const account = requireActed(context, actor, act, userId)
  if (!act.isDone) {
    requireKnownNames(names, act.grantable, 'roles')
    requireAllWithinReach(context, actor, act.grantable)
    if (act.before?.isLastAdmin && !names.includes(ADMIN_ROLE)) {
      throw new AuthError('last_admin', { user_id: userId })
    }
    if (act.isUnverified) throw new AuthError('user_not_verified', { user_id: userId })
  }
  await publishRevocations(context, act.revocations)
  return account
}
