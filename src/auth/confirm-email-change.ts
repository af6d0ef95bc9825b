import type { AccessTokenClaims } from '../crypto/access-token'
import { confirmEmailChange as confirm } from '../store/links'
import { auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import { sendAfterAnswer } from './deliver-mails'
import { AuthError } from './errors'
import { newLink } from './mailed-link'
import { publishRevocations, revocationExpiry } from './publish-revocations'
import { requireUserLink } from './redeem-link'

/**
 * Makes the address that a link was mailed to the user's. The old one, if it was verified, is told, with a link
 * that undoes it. Sessions end, but that of the user who redeems it.
 * @param claims of an access token that came with it, if one did
 * @throws AuthError invalid_link, also where the address has become somebody else's
 */
export async function confirmEmailChange(
  context: AuthContext,
  token: string,
  claims: AccessTokenClaims | null,
): Promise<void> {
  const { userId, redemption } = await requireUserLink(context, token, 'change_email')
  const keep = claims?.sub === userId ? claims.sid : null
  const event = await auditEvent(context, {
    type: 'email_changed',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId: keep,
  })
  const undo = await newLink(context, 'undo_email_change')
  const { revocations, isDone } = await confirm(context.db, {
    userId,
    redemption: redemption(event.id),
    keep,
    undo,
    event,
    revocationExpiresAt: revocationExpiry(context),
  })
  if (!isDone) throw new AuthError('invalid_link', { reason: 'address_taken', user_id: userId })
  context.log.info('email_changed', { user_id: userId })
  sendAfterAnswer(context)
  await publishRevocations(context, revocations)
}
