import type { AccessTokenClaims } from '../crypto/access-token'
import { revokeApiKey as revoke } from '../store/api-keys'
import { auditEvent } from './audit-event'
import { type AuthContext, callerOf, moment } from './auth-context'
import { AuthError } from './errors'
import { requireLiveSession } from './require-live-session'

/**
 * Revokes a key of the caller; its next use is refused. Somebody else's does not exist for them.
 * @throws AuthError invalid_token, api_key_not_found
 */
export async function revokeApiKey(
  context: AuthContext,
  claims: AccessTokenClaims,
  id: string,
): Promise<void> {
  const { sub: userId, sid: sessionId } = claims
  const event = await auditEvent(context, {
    type: 'api_key_revoked',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId,
    detail: { api_key_id: id },
  })
  const caller = callerOf(claims)
  const { session, isDone } = await revoke(context.db, caller, { id, event }, moment(context))
  if (!isDone) {
    requireLiveSession(context, claims, session)
    throw new AuthError('api_key_not_found', { user_id: userId })
  }
  context.log.info('api_key_revoked', { user_id: userId, api_key_id: id })
}
