import {
  findSuccessorId,
  hashRefreshTokenId,
  successorTokenId,
  successorTokenIds,
  type VerifiedRefreshToken,
  verifyRefreshToken,
} from '../crypto/refresh-token'
import { type Refreshed, type Rotation, rotateRefreshToken } from '../store/refreshes'
import { auditEvent } from './audit-event'
import { type AuthContext, moment } from './auth-context'
import { AuthError, type AuthErrorCode } from './errors'
import { type IssuedSession, issueSession, refreshTokenOf } from './issue-session'
import { newNotice } from './mailed-link'
import { publishRevocations, sessionRevocation } from './publish-revocations'
import { sendAfterAnswer } from './send-after-answer'

export type RefreshOutcome = 'rotated' | 'retried' | 'unchanged'

/**
 * Exchanges a refresh token for its successor (RFC 9700 §4.14.2).
 *
 * The successor is a function of the token presented, at most one rotation happens in a window of
 * `AUTH_REFRESH_GRACE`, and everything is decided in one transaction. So any number of tabs, retries and
 * lost responses converge on one token, and a token older than the window ends the session.
 *
 * Who is answered inside the window from other networks is noted; from too many, nobody is answered any more.
 *
 * @throws AuthError missing_token, invalid_refresh_token, superseded, insufficient_user_authentication
 */
export async function refreshSession(
  context: AuthContext,
  token: string | undefined,
): Promise<IssuedSession & { outcome: RefreshOutcome }> {
  if (!token) throw new AuthError('missing_token')
  const presented = await requireAuthentic(context, token)
  const rotation = await rotationOf(context, presented)
  const after = await rotateRefreshToken(context.db, rotation, moment(context))
  // The session has just ended, and its user is told.
  if (after.revocations.length > 0) sendAfterAnswer(context)
  await publishRevocations(context, after.revocations)
  const { session, account } = requireAnswerable(presented, after)

  const isUnchanged = session.refreshTokenHash === rotation.presentedHash
  const refreshToken = isUnchanged ? token : await currentToken(context, presented, session)
  const outcome = after.isRotated ? 'rotated' : isUnchanged ? 'unchanged' : 'retried'
  const about = { user_id: session.userId, session_id: session.id }
  context.log.info('session_refreshed', { outcome, ...about })
  return { ...(await issueSession(context, { session, account, refreshToken })), outcome }
}

async function requireAuthentic(
  { config, keys, now }: AuthContext,
  token: string,
): Promise<VerifiedRefreshToken> {
  const { issuer, notBefore } = config
  const presented = await verifyRefreshToken(token, { keys, issuer, notBefore, now })
  if (!presented) throw new AuthError('invalid_refresh_token', { reason: 'not_authentic' })
  return presented
}

async function rotationOf(
  context: AuthContext,
  presented: VerifiedRefreshToken,
): Promise<Rotation> {
  const { sid: sessionId, sub: userId, jti } = presented.claims
  const about = { actorId: null, subjectId: userId, sessionId }
  const [presentedHash, successorHash, successorHashes, reused, elsewhere] = await Promise.all([
    hashRefreshTokenId(jti),
    successorTokenId(presented).then(hashRefreshTokenId),
    successorTokenIds(presented, context.keys).then((ids) =>
      Promise.all(ids.map(hashRefreshTokenId)),
    ),
    auditEvent(context, { type: 'refresh_token_reused', outcome: 'failure', ...about }),
    auditEvent(context, { type: 'refreshed_from_elsewhere', outcome: 'success', ...about }),
  ])
  return {
    sessionId,
    userId,
    presentedHash,
    successorHash,
    successorHashes: JSON.stringify(successorHashes),
    client: context.client,
    windowMs: context.config.refreshGrace * 1000,
    nonce: reused.id,
    reused,
    elsewhere,
    notice: newNotice(context, 'refresh_token_reused'),
    revocation: sessionRevocation(context, sessionId),
  }
}

function requireAnswerable(
  presented: VerifiedRefreshToken,
  { session, account, revocations }: Refreshed,
) {
  if (revocations.length > 0) throw refusal(presented, 'reused')
  if (!session || !account) throw refusal(presented, 'unknown_session')
  if (!session.isLive) throw refusal(presented, 'session_ended')
  if (session.mustAuthenticate) {
    throw refusal(presented, 'used_from_many_networks', 'insufficient_user_authentication')
  }
  return { session, account }
}

/** The live token, which the presented one has been superseded by, just now or by a request before. */
async function currentToken(
  context: AuthContext,
  presented: VerifiedRefreshToken,
  session: NonNullable<Refreshed['session']>,
): Promise<string> {
  const id = await findSuccessorId(presented, context.keys, session.refreshTokenHash)
  // None that follows from it: the session has been authenticated again since.
  if (!id) throw refusal(presented, 'authenticated_again', 'superseded')
  const issuedAt = session.rotatedAt ?? session.issuedAt
  return refreshTokenOf(context, session, { id, issuedAt })
}

function refusal(
  { claims }: VerifiedRefreshToken,
  reason: string,
  code: AuthErrorCode = 'invalid_refresh_token',
): AuthError {
  return new AuthError(code, { reason, user_id: claims.sub, session_id: claims.sid })
}
