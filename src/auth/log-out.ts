import { verifyAccessToken } from '../crypto/access-token'
import { verifyRefreshToken } from '../crypto/refresh-token'
import { endSession, endSessionsOfUser } from '../store/session-ends'
import { auditEvent } from './audit-event'
import { type AuthContext, moment } from './auth-context'
import { AuthError } from './errors'
import { publishRevocations, revocationExpiry, sessionRevocation } from './publish-revocations'

export interface PresentedTokens {
  readonly accessToken: string | undefined
  readonly refreshToken: string | undefined
}

/**
 * Ends the session of the first authentic token. Expired and superseded ones will do, since ending needs
 * no more than having been given it; ending an ended session succeeds.
 * @throws AuthError missing_token, invalid_token
 */
export async function logOut(context: AuthContext, tokens: PresentedTokens): Promise<void> {
  const { db, now, log } = context
  const { sub: userId, sid: sessionId } = await requireSessionOf(context, tokens)
  const event = await logOutEvent(context, 'logged_out', userId, sessionId)
  const revocation = sessionRevocation(context, sessionId)
  const revocations = await endSession(db, { sessionId, reason: 'logout', event, revocation }, now)
  await publishRevocations(context, revocations)
  log.info('logged_out', { user_id: userId, session_id: sessionId, ended: revocations.length > 0 })
}

/**
 * Ends every session of the user, if the token's own is live: what has ended speaks for nobody else.
 * @throws AuthError missing_token, invalid_token also when sessions are left that it could not end
 */
export async function logOutEverywhere(
  context: AuthContext,
  tokens: PresentedTokens,
): Promise<void> {
  const { sub: userId, sid: sessionId } = await requireSessionOf(context, tokens)
  const event = await logOutEvent(context, 'logged_out_everywhere', userId, sessionId)
  const revocationExpiresAt = revocationExpiry(context)
  const { revocations, othersLive } = await endSessionsOfUser(
    context.db,
    { sessionId, userId },
    { keep: null, reason: 'logout', event, revocationExpiresAt },
    moment(context),
  )
  await publishRevocations(context, revocations)
  const about = { user_id: userId, session_id: sessionId }
  if (othersLive) throw new AuthError('invalid_token', { reason: 'session_ended', ...about })
  context.log.info('logged_out_everywhere', { ...about, ended: revocations.length > 0 })
}

function logOutEvent(
  context: AuthContext,
  type: 'logged_out' | 'logged_out_everywhere',
  userId: string,
  sessionId: string,
) {
  const about = { actorId: userId, subjectId: userId, sessionId }
  return auditEvent(context, { type, outcome: 'success', ...about })
}

async function requireSessionOf(
  { config: { issuer, audience }, keys, now }: AuthContext,
  { accessToken, refreshToken }: PresentedTokens,
): Promise<{ sub: string; sid: string }> {
  if (!accessToken && !refreshToken) throw new AuthError('missing_token')
  const expected = { keys, issuer, audience, now, acceptExpired: true }
  const claims =
    (accessToken && (await verifyAccessToken(accessToken, expected))) ||
    (refreshToken && (await verifyRefreshToken(refreshToken, expected))?.claims)
  if (!claims) throw new AuthError('invalid_token', { reason: 'not_authentic' })
  return claims
}
