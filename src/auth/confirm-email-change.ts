import { confirmEmailChange as confirm } from '../store/links'
import { auditEvent } from './audit-event'
import { type AuthContext, moment } from './auth-context'
import { newLink } from './mailed-link'
import { linkRefusal, type OpenedLink, proveLink } from './prove-link'
import { publishRevocations, revocationExpiry } from './publish-revocations'
import { requireUserLink } from './redeem-link'
import { sendAfterAnswer } from './send-after-answer'

/**
 * Makes the address that a link was mailed to the user's, by the link and a proof that the account is that of whoever opens it:
 * somebody else may have asked for the change. The old address, if it was verified, is told, with a link that undoes it. All
 * that was there before ends, except the session of the user that came with it; with a new password the old one too.
 * @throws AuthError invalid_link, also where the address has become somebody else's, password_required, wrong_password,
 * too_many_attempts, weak_password
 */
export async function confirmEmailChange(context: AuthContext, opened: OpenedLink): Promise<void> {
  const link = await requireUserLink(context, opened.token, 'change_email')
  const { userId, redemption } = link
  const proof = await proveLink(context, link, opened, 'email_changed')
  const event = await auditEvent(context, {
    type: 'email_changed',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId: proof.keep?.sessionId ?? null,
    detail: { by: proof.by },
  })
  const undo = await newLink(context, 'undo_email_change')
  const { revocations, isDone, isProven } = await confirm(
    context.db,
    {
      userId,
      redemption: redemption(event.id),
      proof,
      undo,
      event,
      revocationExpiresAt: revocationExpiry(context),
    },
    moment(context),
  )
  if (!isDone) throw linkRefusal(proof, { isProven, reason: 'address_taken', userId })
  context.log.info('email_changed', { user_id: userId })
  sendAfterAnswer(context)
  await publishRevocations(context, revocations)
}
