import { verifyAccessToken } from '../crypto/access-token'
import { verifyRefreshToken } from '../crypto/refresh-token'
import { endSession } from '../store/sessions'
import { auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'
import { publishRevocations, sessionRevocation } from './publish-revocations'

/**
 * Ends the session of the first authentic token. Expired and superseded ones will do, since ending needs
 * no more than having been given it; ending an ended session succeeds.
 * @throws AuthError missing_token, invalid_token
 */
export async function logOut(
  context: AuthContext,
  tokens: { accessToken: string | undefined; refreshToken: string | undefined },
): Promise<void> {
  const { db, now, log } = context
  const { sub: userId, sid: sessionId } = await requireSessionOf(context, tokens)
  const event = await auditEvent(context, {
    type: 'logged_out',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId,
  })
  const revocation = sessionRevocation(context, sessionId)
  const revocations = await endSession(db, { sessionId, reason: 'logout', event, revocation }, now)
  await publishRevocations(context, revocations)
  log.info('logged_out', { user_id: userId, session_id: sessionId, ended: revocations.length > 0 })
}

async function requireSessionOf(
  { config: { issuer, audience }, keys, now }: AuthContext,
  {
    accessToken,
    refreshToken,
  }: { accessToken: string | undefined; refreshToken: string | undefined },
): Promise<{ sub: string; sid: string }> {
  if (!accessToken && !refreshToken) throw new AuthError('missing_token')
  const expected = { keys, issuer, audience, now, acceptExpired: true }
  const claims =
    (accessToken && (await verifyAccessToken(accessToken, expected))) ||
    (refreshToken && (await verifyRefreshToken(refreshToken, expected))?.claims)
  if (!claims) throw new AuthError('invalid_token')
  return claims
}
