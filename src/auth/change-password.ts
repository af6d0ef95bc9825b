import type { AccessTokenClaims } from '../crypto/access-token'
import { hashPassword } from '../crypto/password'
import { changePassword as change } from '../store/credentials'
import { auditEvent } from './audit-event'
import { type AuthContext, callerOf, moment } from './auth-context'
import { requireOwnPassword } from './check-own-password'
import { sendAfterAnswer } from './deliver-mails'
import { AuthError } from './errors'
import { newNotice } from './mailed-link'
import { requireAcceptablePassword } from './password-policy'
import { publishRevocations, revocationExpiry } from './publish-revocations'

export interface NewPassword {
  readonly currentPassword: string
  readonly newPassword: string
  /** Whether machines go on acting for the user. */
  readonly keepsApiKeys: boolean
}

/**
 * Changes the password of who is signed in. All their other sessions end, and their API keys unless they are kept; the
 * session that asks goes on.
 * @throws AuthError invalid_token, wrong_password, too_many_attempts, weak_password
 */
export async function changePassword(
  context: AuthContext,
  claims: AccessTokenClaims,
  { currentPassword, newPassword, keepsApiKeys }: NewPassword,
): Promise<void> {
  const { sub: userId, sid: sessionId } = claims
  // First, since the current one would be counted as a guess.
  const email = claims.email.toLowerCase()
  await requireAcceptablePassword(context, { password: newPassword, email, path: 'new_password' })
  const own = await requireOwnPassword(context, claims, currentPassword, 'password_changed')
  const next = await hashPassword(newPassword, context.config.passwordHashing)
  const event = await auditEvent(context, {
    type: 'password_changed',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId,
    detail: { api_keys: keepsApiKeys ? 'kept' : 'ended' },
  })
  const { revocations, isDone } = await change(
    context.db,
    callerOf(claims),
    {
      passwordHash: { verified: own.passwordHash, next },
      attempt: own.attempt,
      keepsApiKeys,
      event,
      revocationExpiresAt: revocationExpiry(context),
      notice: newNotice(context, 'password_changed'),
    },
    moment(context),
  )
  // It was changed, or the session ended, during the derivation.
  if (!isDone)
    throw new AuthError('wrong_password', { reason: 'changed_meanwhile', user_id: userId })
  context.log.info('password_changed', { user_id: userId, session_id: sessionId })
  sendAfterAnswer(context)
  await publishRevocations(context, revocations)
}
