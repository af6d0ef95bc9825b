import type { AccessTokenClaims } from '../crypto/access-token'
import { findSession } from '../store/sessions'
import type { UserAccount } from '../store/users'
import { type AuthContext, moment } from './auth-context'
import { AuthError } from './errors'

/**
 * The account behind an access token, as D1 has it now.
 * @throws AuthError invalid_token when the session has ended or the user is not active
 */
export async function getAccount(
  context: AuthContext,
  { sid: sessionId, sub: userId }: AccessTokenClaims,
): Promise<UserAccount> {
  const { session, account } = await findSession(context.db, { sessionId, userId }, moment(context))
  if (!session?.isLive || !account) {
    throw new AuthError('invalid_token', {
      reason: 'session_ended',
      user_id: userId,
      session_id: sessionId,
    })
  }
  return account
}
