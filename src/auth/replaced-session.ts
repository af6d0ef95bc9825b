import type { ReplacedSession } from '../store/session-ends'
import { auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import { readRefreshToken } from './presented-token'
import { sessionRevocation } from './publish-revocations'

/**
 * The session that a browser has, by the refresh token of its cookie, and that its next one is to end. Null where there is
 * none: a token that is not authentic ends nothing.
 */
export async function replacedSession(
  context: AuthContext,
  refreshToken: string | undefined,
): Promise<ReplacedSession | null> {
  const presented = refreshToken ? await readRefreshToken(context, refreshToken) : null
  if (!presented) return null
  const { sub: userId, sid: sessionId } = presented.claims
  const about = { actorId: userId, subjectId: userId, sessionId }
  const event = await auditEvent(context, { type: 'logged_out', outcome: 'success', ...about })
  const revocation = sessionRevocation(context, sessionId)
  return { sessionId, refreshTokenHash: presented.hash, event, revocation }
}
