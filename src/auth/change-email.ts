import type { AccessTokenClaims } from '../crypto/access-token'
import { requestEmailChange } from '../store/links'
import { auditEvent } from './audit-event'
import { type AuthContext, callerOf, moment } from './auth-context'
import { requireOwnPassword } from './check-own-password'
import type { EmailAddress } from './email-address'
import { AuthError } from './errors'
import { newLink } from './mailed-link'
import { requireLiveSession } from './require-live-session'
import { sendAfterAnswer } from './send-after-answer'

/**
 * Has a link mailed to the address that is to be the user's. Where it is somebody's already nothing is mailed,
 * which the answer does not tell.
 * @throws AuthError invalid_token, wrong_password, too_many_attempts
 */
export async function changeEmail(
  context: AuthContext,
  claims: AccessTokenClaims,
  { password, email }: { password: string; email: EmailAddress },
): Promise<void> {
  const { sub: userId, sid: sessionId } = claims
  const own = await requireOwnPassword(context, claims, password, 'email_changed')
  const token = await newLink(context, 'change_email')
  const event = await auditEvent(context, {
    type: 'email_change_requested',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId,
  })
  const { session, isDone } = await requestEmailChange(
    context.db,
    callerOf(claims),
    { token, email, passwordHash: own.passwordHash, attempt: own.attempt, event },
    moment(context),
  )
  // It ended, or the password changed, during the derivation.
  if (!isDone) {
    requireLiveSession(context, claims, session)
    throw new AuthError('wrong_password', { reason: 'changed_meanwhile', user_id: userId })
  }
  sendAfterAnswer(context)
}
