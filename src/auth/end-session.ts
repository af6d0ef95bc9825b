import type { AccessTokenClaims } from '../crypto/access-token'
import { endSessionOfUser } from '../store/session-ends'
import { auditEvent } from './audit-event'
import { type AuthContext, callerOf, moment } from './auth-context'
import { AuthError } from './errors'
import { publishRevocations, sessionRevocation } from './publish-revocations'
import { requireLiveSession } from './require-live-session'

/**
 * Ends one live session of the caller, their own included. Somebody else's does not exist for them.
 * @throws AuthError invalid_token, session_not_found
 */
export async function endSession(
  context: AuthContext,
  claims: AccessTokenClaims,
  sessionId: string,
): Promise<void> {
  const { sub: userId } = claims
  const event = await auditEvent(context, {
    type: 'session_ended',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId,
  })
  const revocation = sessionRevocation(context, sessionId)
  const { caller, revocations } = await endSessionOfUser(
    context.db,
    callerOf(claims),
    { sessionId, reason: 'ended_by_user', event, revocation },
    moment(context),
  )
  await publishRevocations(context, revocations)
  // A batch that ran twice may have ended the caller's own session the first time.
  if (revocations.length === 0) {
    requireLiveSession(context, claims, caller)
    throw new AuthError('session_not_found', { user_id: userId })
  }
  context.log.info('session_ended', { user_id: userId, session_id: sessionId })
}
