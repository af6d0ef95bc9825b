import {
  hashRefreshTokenId,
  successorTokenId,
  type VerifiedRefreshToken,
  verifyRefreshToken,
} from '../crypto/refresh-token'
import { type Rotation, rotateRefreshToken } from '../store/refreshes'
import { auditEvent } from './audit-event'
import { type AuthContext, moment } from './auth-context'
import { AuthError } from './errors'
import { type IssuedSession, issueSession, refreshTokenOf } from './issue-session'
import { publishRevocations, sessionRevocation } from './publish-revocations'

/**
 * Exchanges a refresh token for its successor (RFC 9700 §4.14.2).
 *
 * The successor is a function of the token presented, at most one rotation happens in a window of
 * `AUTH_REFRESH_GRACE`, and everything is decided in one transaction. So any number of tabs, retries and
 * lost responses converge on one token, and a token older than the window ends the session.
 *
 * @throws AuthError missing_token, invalid_refresh_token
 */
export async function refreshSession(
  context: AuthContext,
  token: string | undefined,
): Promise<IssuedSession & { outcome: 'rotated' | 'retried' | 'unchanged' }> {
  const { db, log } = context
  if (!token) throw new AuthError('missing_token')
  const presented = await requireAuthentic(context, token)
  const successorId = await successorTokenId(presented)
  const rotation = await rotationOf(context, presented, successorId)
  const after = await rotateRefreshToken(db, rotation, moment(context))
  await publishRevocations(context, after.revocations)

  const { sub: userId, sid: sessionId } = presented.claims
  const refuse = (reason: string) =>
    new AuthError('invalid_refresh_token', { reason, user_id: userId, session_id: sessionId })
  if (after.revocations.length > 0) throw refuse('reused')
  const { session, account } = after
  if (!session || !account) throw refuse('unknown_session')
  if (!session.isLive) throw refuse('session_ended')

  const current = session.refreshTokenHash
  if (current !== rotation.presentedHash && current !== rotation.successorHash) {
    throw refuse('superseded')
  }
  const isSuccessor = current === rotation.successorHash
  const outcome = after.rotated ? 'rotated' : isSuccessor ? 'retried' : 'unchanged'
  log.info('session_refreshed', { outcome, user_id: userId, session_id: sessionId })
  const refreshToken = isSuccessor
    ? await refreshTokenOf(context, session, {
        id: successorId,
        issuedAt: session.rotatedAt ?? session.issuedAt,
      })
    : token
  return { ...(await issueSession(context, { session, account, refreshToken })), outcome }
}

async function requireAuthentic(
  { config, keys, now }: AuthContext,
  token: string,
): Promise<VerifiedRefreshToken> {
  const presented = await verifyRefreshToken(token, { keys, issuer: config.issuer, now })
  if (!presented) throw new AuthError('invalid_refresh_token', { reason: 'not_authentic' })
  return presented
}

async function rotationOf(
  context: AuthContext,
  { claims }: VerifiedRefreshToken,
  successorId: string,
): Promise<Rotation> {
  const { now, config, client } = context
  const [presentedHash, successorHash, reused] = await Promise.all([
    hashRefreshTokenId(claims.jti),
    hashRefreshTokenId(successorId),
    auditEvent(context, {
      type: 'refresh_token_reused',
      outcome: 'failure',
      actorId: null,
      subjectId: claims.sub,
      sessionId: claims.sid,
    }),
  ])
  return {
    sessionId: claims.sid,
    userId: claims.sub,
    presentedHash,
    successorHash,
    client,
    windowStart: now - config.refreshGrace * 1000,
    reused,
    revocation: sessionRevocation(context, claims.sid),
  }
}
