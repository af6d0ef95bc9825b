import type { Actor } from '../../store/actors'
import { findUser } from '../../store/user-administration'
import type { UserAccount } from '../../store/users'
import { type AuthContext, moment } from '../auth-context'
import { AuthError } from '../errors'
import { requirePermitted } from '../require-permitted'

/** @throws AuthError invalid_token, permission_denied, user_not_found */
export async function getUser(
  context: AuthContext,
  actor: Actor,
  userId: string,
): Promise<UserAccount> {
  const { actor: state, account } = await findUser(context.db, actor, userId, moment(context))
  requirePermitted(context, actor, state)
  if (!account) throw new AuthError('user_not_found')
  return account
}
