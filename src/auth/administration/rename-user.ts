import type { Actor } from '../../store/actors'
import { changeUser } from '../../store/user-administration'
import type { UserAccount } from '../../store/users'
import { type AuthContext, moment } from '../auth-context'
import { actorEvent, requireActed } from './act-on-user'

/**
 * Gives a user another name, or none.
 * @throws AuthError invalid_token, permission_denied, user_not_found, exceeds_own_permissions
 */
export async function renameUser(
  context: AuthContext,
  actor: Actor,
  { userId, name }: { userId: string; name: string | null },
): Promise<UserAccount> {
  const event = await actorEvent(context, actor, 'user_renamed', { subjectId: userId })
  const change = { userId, event, change: { name } }
  const act = await changeUser(context.db, actor, change, moment(context))
  return requireActed(context, actor, act, userId)
}
