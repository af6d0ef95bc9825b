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
 * Ends the session of every authentic token presented. Expired and superseded ones will do, since ending
 * needs no more than having been given it; ending an ended session succeeds.
 * @throws AuthError missing_token, invalid_token
 */
export async function logOut(context: AuthContext, tokens: PresentedTokens): Promise<void> {
  const { db, now, log } = context
  for (const { sub: userId, sid: sessionId } of await requireSessions(context, tokens)) {
    const about = { actorId: userId, subjectId: userId, sessionId, outcome: 'success' } as const
    const event = await auditEvent(context, { type: 'logged_out', ...about })
    const revocation = sessionRevocation(context, sessionId)
    const end = { sessionId, reason: 'logout', event, revocation } as const
    const revocations = await endSession(db, end, now)
    await publishRevocations(context, revocations)
    const isEnded = revocations.length > 0
    log.info('logged_out', { user_id: userId, session_id: sessionId, ended: isEnded })
  }
}

/**
 * Ends every session of the user, and their API keys unless they are kept, if one of the tokens' own sessions is live:
 * what has ended speaks for nobody else.
 * @throws AuthError missing_token, invalid_token also when sessions are left that it could not end
 */
export async function logOutEverywhere(
  context: AuthContext,
  tokens: PresentedTokens,
  { keepsApiKeys }: { keepsApiKeys: boolean },
): Promise<void> {
  const unfinished = new Set<string>()
  for (const { sub: userId, sid: sessionId, epoch = null } of await requireSessions(
    context,
    tokens,
  )) {
    const event = await auditEvent(context, {
      type: 'logged_out_everywhere',
      outcome: 'success',
      actorId: userId,
      subjectId: userId,
      sessionId,
      detail: { api_keys: keepsApiKeys ? 'kept' : 'ended' },
    })
    const { revocations, isLeft } = await endSessionsOfUser(
      context.db,
      { sessionId, userId, epoch },
      {
        keep: null,
        keepsApiKeys,
        reason: 'logout',
        event,
        revocationExpiresAt: revocationExpiry(context),
      },
      moment(context),
    )
    await publishRevocations(context, revocations)
    const isEnded = revocations.length > 0
    // The other token of the same user may do what this one could not.
    if (isLeft && !isEnded) unfinished.add(userId)
    else unfinished.delete(userId)
    const about = { user_id: userId, session_id: sessionId }
    context.log.info('logged_out_everywhere', { ...about, ended: isEnded })
  }
  const [userId] = unfinished
  if (userId === undefined) return
  throw new AuthError('invalid_token', { reason: 'session_ended', user_id: userId })
}

/**
 * Whether the tokens are of two users. A browser sends its cookie by itself: beside the access token of one who logged
 * out, sent late, it may be that of who has logged in since.
 */
export async function areOfTwoUsers(
  context: AuthContext,
  tokens: PresentedTokens,
): Promise<boolean> {
  const { access, refresh } = await claimsOf(context, tokens)
  return access !== null && refresh !== null && access.sub !== refresh.sub
}

/** The sessions that the tokens speak for: one, or two where a browser holds tokens of two. */
async function requireSessions(
  context: AuthContext,
  tokens: PresentedTokens,
): Promise<readonly { sub: string; sid: string; epoch?: number }[]> {
  if (!tokens.accessToken && !tokens.refreshToken) throw new AuthError('missing_token')
  const { access, refresh } = await claimsOf(context, tokens)
  const claims = [access, refresh].filter((each) => each !== null)
  if (claims.length === 0) throw new AuthError('invalid_token', { reason: 'not_authentic' })
  return [...new Map(claims.map((each) => [each.sid, each])).values()]
}

async function claimsOf(
  { config: { issuer, audience, notBefore }, keys, now }: AuthContext,
  { accessToken, refreshToken }: PresentedTokens,
) {
  const expected = { keys, issuer, audience, notBefore, now, acceptExpired: true }
  const access = accessToken ? await verifyAccessToken(accessToken, expected) : null
  const refresh = refreshToken ? await verifyRefreshToken(refreshToken, expected) : null
  return { access, refresh: refresh?.claims ?? null }
}
