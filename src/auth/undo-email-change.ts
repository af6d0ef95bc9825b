import { undoEmailChange as undo } from '../store/email-change-undoing'
import { auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'
import { newLink, newNotice } from './mailed-link'
import { publishRevocations, revocationExpiry } from './publish-revocations'
import { requireUserLink } from './redeem-link'
import { sendAfterAnswer } from './send-after-answer'

/**
 * Brings back the address that was, by the link mailed there. Whoever changed it knew the password: it is taken
 * away and all sessions end, and a link to choose another is mailed. A scheduled deletion is cancelled. The address that
 * loses the account is told.
 * @throws AuthError invalid_link, also where the address has become somebody else's
 */
export async function undoEmailChange(context: AuthContext, token: string): Promise<void> {
  const { userId, redemption } = await requireUserLink(context, token, 'undo_email_change')
  const about = { outcome: 'success', actorId: userId, subjectId: userId, sessionId: null } as const
  const event = await auditEvent(context, { type: 'email_change_undone', ...about })
  const { revocations, isDone } = await undo(context.db, {
    userId,
    redemption: redemption(event.id),
    link: await newLink(context, 'reset_password'),
    notice: newNotice(context, 'email_change_undone'),
    event,
    cancelled: await auditEvent(context, { type: 'user_deletion_cancelled', ...about }),
    revocationExpiresAt: revocationExpiry(context),
  })
  if (!isDone) throw new AuthError('invalid_link', { reason: 'address_taken', user_id: userId })
  context.log.info('email_change_undone', { user_id: userId })
  sendAfterAnswer(context)
  await publishRevocations(context, revocations)
}
