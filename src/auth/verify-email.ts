import { verifyEmail as verify } from '../store/links'
import { auditEvent } from './audit-event'
import { type AuthContext, moment } from './auth-context'
import { linkRefusal, type OpenedLink, proveLink } from './prove-link'
import { publishRevocations, revocationExpiry } from './publish-revocations'
import { requireUserLink } from './redeem-link'
import { sendAfterAnswer } from './send-after-answer'

/**
 * Notes that an address is its user's, once, by the token of a mailed link and a proof that the account is that of whoever opens
 * it. All that was there before ends, except the session of that user that came with it; with a new password the old one too.
 * @throws AuthError invalid_link, password_required, wrong_password, too_many_attempts, weak_password
 */
export async function verifyEmail(context: AuthContext, opened: OpenedLink): Promise<void> {
  const link = await requireUserLink(context, opened.token, 'verify_email')
  const { userId, redemption } = link
  const proof = await proveLink(context, link, opened, 'email_verified')
  const event = await auditEvent(context, {
    type: 'email_verified',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId: proof.keep?.sessionId ?? null,
    detail: { by: proof.by },
  })
  const { revocations, isDone, isProven } = await verify(
    context.db,
    {
      userId,
      redemption: redemption(event.id),
      proof,
      event,
      revocationExpiresAt: revocationExpiry(context),
    },
    moment(context),
  )
  if (!isDone) throw linkRefusal(proof, { isProven, reason: 'used_meanwhile', userId })
  context.log.info('email_verified', { user_id: userId })
  if (proof.by === 'new_password') sendAfterAnswer(context)
  await publishRevocations(context, revocations)
}
