import type { Actor } from '../../store/actors'
import { changeUser } from '../../store/user-administration'
import type { UserAccount } from '../../store/users'
import { type AuthContext, moment } from '../auth-context'
import { actorEvent, requireActed } from './act-on-user'

/**
 * Lets a disabled user log in again.
 * @throws AuthError invalid_token, permission_denied, user_not_found, exceeds_own_permissions
 */
export async function enableUser(
  context: AuthContext,
  actor: Actor,
  userId: string,
): Promise<UserAccount> {
  const event = await actorEvent(context, actor, 'user_enabled', { subjectId: userId })
  const change = { userId, event, change: { isActive: true } } as const
  const act = await changeUser(context.db, actor, change, moment(context))
  return requireActed(context, actor, act, userId)
}
