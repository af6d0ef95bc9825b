import type { AccessTokenClaims } from '../crypto/access-token'
import { type Session, touchSession } from '../store/sessions'
import { type AuthContext, moment } from './auth-context'
import { AuthError } from './errors'

const TOUCH_INTERVAL_MS = 60_000

/**
 * What every use-case asks of the session that its batch read first. A use is noted at most once a minute,
 * after the answer.
 * @throws AuthError invalid_token
 */
export function requireLiveSession(
  context: AuthContext,
  { sid, sub }: Pick<AccessTokenClaims, 'sid' | 'sub'>,
  session: Pick<Session, 'isLive' | 'lastUsedAt'> | null,
): void {
  if (!session?.isLive) {
    throw new AuthError('invalid_token', { reason: 'session_ended', user_id: sub, session_id: sid })
  }
  const notAfter = context.now - TOUCH_INTERVAL_MS
  if (session.lastUsedAt > notAfter) return
  context.defer(() => touchSession(context.db, sid, notAfter, moment(context)))
}
