import type { Actor } from '../../store/actors'
import { findSessionsOfUser } from '../../store/user-administration'
import { type AuthContext, moment } from '../auth-context'
import { requirePermitted } from '../require-permitted'

/**
 * The live sessions of a user, the last used first; none of one who does not exist.
 * @throws AuthError invalid_token, permission_denied
 */
export async function listUserSessions(context: AuthContext, actor: Actor, userId: string) {
  const found = await findSessionsOfUser(context.db, actor, userId, moment(context))
  requirePermitted(context, actor, found.actor)
  return found.sessions
}
