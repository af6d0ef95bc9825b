import type { AccessTokenClaims } from '../crypto/access-token'
import { renameOwnAccount } from '../store/accounts'
import type { UserAccount } from '../store/users'
import { auditEvent } from './audit-event'
import { type AuthContext, callerOf, moment } from './auth-context'
import { AuthError } from './errors'
import { requireLiveSession } from './require-live-session'

/**
 * Gives who is signed in another name, or none.
 * @throws AuthError invalid_token
 */
export async function changeName(
  context: AuthContext,
  claims: AccessTokenClaims,
  name: string | null,
): Promise<UserAccount> {
  const { sub: userId, sid: sessionId } = claims
  const event = await auditEvent(context, {
    type: 'user_renamed',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId,
  })
  const caller = callerOf(claims)
  const change = { name, event }
  const { session, account } = await renameOwnAccount(context.db, caller, change, moment(context))
  requireLiveSession(context, claims, session)
  if (!account) throw new AuthError('invalid_token', { reason: 'user_gone' })
  return account
}
