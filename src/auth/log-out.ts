import { verifyAccessToken } from '../crypto/access-token'
import { hashRefreshTokenId, verifyRefreshToken } from '../crypto/refresh-token'
import type { PresentedRefreshToken } from '../store/refreshes'
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
  for (const session of await requireSessions(context, tokens)) await endOwn(context, session)
}

async function endOwn(context: AuthContext, { userId, sessionId }: PresentedSession) {
  const { db, now, log } = context
  const event = await logOutEvent(context, 'logged_out', { userId, sessionId })
  const revocation = sessionRevocation(context, sessionId)
  const end = { sessionId, reason: 'logout', event, revocation } as const
  const revocations = await endSession(db, end, now)
  await publishRevocations(context, revocations)
  const isEnded = revocations.length > 0
  log.info('logged_out', { user_id: userId, session_id: sessionId, ended: isEnded })
}

/**
 * Ends every session of the user, and their API keys unless they are kept, if one of the tokens' own is live: what has
 * ended speaks for nobody else. Nor does a refresh token that was superseded, or an access token from before the last
 * authentication: whoever holds one may be a thief. It ends its own session, as it always can, and no other.
 * @throws AuthError missing_token, invalid_token also when sessions are left that it could not end
 */
export async function logOutEverywhere(
  context: AuthContext,
  tokens: PresentedTokens,
  { keepsApiKeys }: { keepsApiKeys: boolean },
): Promise<void> {
  const unfinished = new Set<string>()
  for (const session of await requireSessions(context, tokens)) {
    const { userId, sessionId, epoch, hasAccessToken, refreshToken } = session
    const by = { hasAccessToken, refreshToken }
    const detail = { api_keys: keepsApiKeys ? 'kept' : 'ended' }
    const event = await logOutEvent(context, 'logged_out_everywhere', session, detail)
    const { revocations, isLeft } = await endSessionsOfUser(
      context.db,
      { sessionId, userId, epoch },
      {
        by,
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
    if (isLeft && !isEnded) {
      unfinished.add(userId)
      await endOwn(context, session)
    } else unfinished.delete(userId)
    const about = { user_id: userId, session_id: sessionId }
    context.log.info('logged_out_everywhere', { ...about, ended: isEnded })
  }
  const [userId] = unfinished
  if (userId === undefined) return
  throw new AuthError('invalid_token', { reason: 'session_ended', user_id: userId })
}

function logOutEvent(
  context: AuthContext,
  type: 'logged_out' | 'logged_out_everywhere',
  { userId, sessionId }: Pick<PresentedSession, 'userId' | 'sessionId'>,
  detail: Readonly<Record<string, string>> = {},
) {
  const about = { actorId: userId, subjectId: userId, sessionId, detail }
  return auditEvent(context, { type, outcome: 'success', ...about })
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

interface PresentedSession {
  readonly userId: string
  readonly sessionId: string
  /** Of its access token, where one was presented. */
  readonly epoch: number | null
  /** Whether one was presented that has not expired. */
  readonly hasAccessToken: boolean
  readonly refreshToken: PresentedRefreshToken | null
}

/** The sessions that the tokens speak for: one, or two where a browser holds tokens of two. */
async function requireSessions(
  context: AuthContext,
  tokens: PresentedTokens,
): Promise<readonly PresentedSession[]> {
  if (!tokens.accessToken && !tokens.refreshToken) throw new AuthError('missing_token')
  const { access, refresh } = await claimsOf(context, tokens)
  const sessions = new Map<string, PresentedSession>()
  if (access) {
    const { sub: userId, sid: sessionId, epoch, exp } = access
    const hasAccessToken = exp * 1000 > context.now
    sessions.set(sessionId, { userId, sessionId, epoch, hasAccessToken, refreshToken: null })
  }
  if (refresh) {
    const { sub: userId, sid: sessionId, jti } = refresh
    const hash = await hashRefreshTokenId(jti)
    const { client, config } = context
    sessions.set(sessionId, {
      ...(sessions.get(sessionId) ?? { userId, sessionId, epoch: null, hasAccessToken: false }),
      refreshToken: { hash, client, windowMs: config.refreshGrace * 1000 },
    })
  }
  if (sessions.size === 0) throw new AuthError('invalid_token', { reason: 'not_authentic' })
  return [...sessions.values()]
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
