import type { AccessTokenClaims } from '../crypto/access-token'
import { verifyEmail as verify } from '../store/links'
import { auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'
import { publishRevocations, revocationExpiry } from './publish-revocations'
import { requireUserLink } from './redeem-link'

/**
 * Notes that an address is its user's, by the token of a mailed link, once. Sessions that were begun before end,
 * but that of the user who redeems it.
 * @param claims of an access token that came with it, if one did
 * @throws AuthError invalid_link
 */
export async function verifyEmail(
  context: AuthContext,
  token: string,
  claims: AccessTokenClaims | null,
): Promise<void> {
  const { userId, redemption } = await requireUserLink(context, token, 'verify_email')
  const keep = claims?.sub === userId ? claims.sid : null
  const event = await auditEvent(context, {
    type: 'email_verified',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId: keep,
  })
  const { revocations, isDone } = await verify(context.db, {
    userId,
    redemption: redemption(event.id),
    keep,
    event,
    revocationExpiresAt: revocationExpiry(context),
  })
  if (!isDone) throw new AuthError('invalid_link', { reason: 'used_meanwhile', user_id: userId })
  context.log.info('email_verified', { user_id: userId })
  await publishRevocations(context, revocations)
}
