import type { Actor } from '../../store/actors'
import { findSessionsOfUser } from '../../store/user-administration'
import { type AuthContext, moment } from '../auth-context'
import { AuthError } from '../errors'
import { requirePermitted } from '../require-permitted'

/**
 * The live sessions of a user, the last used first.
 * @throws AuthError invalid_token, permission_denied, user_not_found
 */
export async function listUserSessions(context: AuthContext, actor: Actor, userId: string) {
  const found = await findSessionsOfUser(context.db, actor, userId, moment(context))
  requirePermitted(context, actor, found.actor)
  if (!found.isFound) throw new AuthError('user_not_found')
  return found.sessions
}
