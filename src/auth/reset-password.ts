import { hashPassword } from '../crypto/password'
import { resetPassword as reset } from '../store/credentials'
import { auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'
import { attemptKeysOf } from './guess-limits'
import { newNotice } from './mailed-link'
import { requireAcceptablePassword } from './password-policy'
import { publishRevocations, revocationExpiry } from './publish-revocations'
import { requireUserLink } from './redeem-link'
import { sendAfterAnswer } from './send-after-answer'

/**
 * Sets a new password by the token of a mailed link, once. All sessions and all other links end, and nobody is
 * logged in by it.
 * @throws AuthError invalid_link, weak_password
 */
export async function resetPassword(
  context: AuthContext,
  { token, newPassword }: { token: string; newPassword: string },
): Promise<void> {
  const { userId, email, redemption } = await requireUserLink(context, token, 'reset_password')
  const normalized = email.toLowerCase()
  const proposed = { password: newPassword, email: normalized, path: 'new_password' }
  await requireAcceptablePassword(context, proposed)
  const event = await auditEvent(context, {
    type: 'password_reset',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId: null,
  })
  const { revocations, isDone } = await reset(context.db, {
    userId,
    redemption: redemption(event.id),
    passwordHash: await hashPassword(newPassword, context.config.passwordHashing),
    attemptKeys: await attemptKeysOf(context, normalized),
    event,
    revocationExpiresAt: revocationExpiry(context),
    notice: newNotice(context, 'password_changed'),
  })
  if (!isDone) throw new AuthError('invalid_link', { reason: 'used_meanwhile', user_id: userId })
  context.log.info('password_reset', { user_id: userId })
  sendAfterAnswer(context)
  await publishRevocations(context, revocations)
}
