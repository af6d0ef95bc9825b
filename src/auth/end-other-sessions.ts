import type { AccessTokenClaims } from '../crypto/access-token'
import { endSessionsOfUser } from '../store/session-ends'
import { auditEvent } from './audit-event'
import { type AuthContext, callerOf, moment } from './auth-context'
import { publishRevocations, revocationExpiry } from './publish-revocations'
import { requireLiveSession } from './require-live-session'

/**
 * Ends every live session of the caller but the one that asks, and their API keys unless they are kept: somebody else
 * who was in a session may have made one.
 * @throws AuthError invalid_token
 */
export async function endOtherSessions(
  context: AuthContext,
  claims: AccessTokenClaims,
  { keepsApiKeys }: { keepsApiKeys: boolean },
): Promise<void> {
  const { sub: userId, sid: sessionId } = claims
  const event = await auditEvent(context, {
    type: 'other_sessions_ended',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId,
    detail: { api_keys: keepsApiKeys ? 'kept' : 'ended' },
  })
  const revocationExpiresAt = revocationExpiry(context)
  const { caller, revocations } = await endSessionsOfUser(
    context.db,
    callerOf(claims),
    { keep: sessionId, keepsApiKeys, reason: 'ended_by_user', event, revocationExpiresAt },
    moment(context),
  )
  requireLiveSession(context, claims, caller)
  await publishRevocations(context, revocations)
  context.log.info('other_sessions_ended', { user_id: userId, session_id: sessionId })
}
