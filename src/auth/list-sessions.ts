import type { AccessTokenClaims } from '../crypto/access-token'
import { findLiveSessions } from '../store/sessions'
import { type AuthContext, callerOf, moment } from './auth-context'
import { requireLiveSession } from './require-live-session'

export type ListedSession = Awaited<ReturnType<typeof findLiveSessions>>['sessions'][number] & {
  readonly isCurrent: boolean
}

/**
 * The live sessions of the caller, the last used first.
 * @throws AuthError invalid_token
 */
export async function listSessions(
  context: AuthContext,
  claims: AccessTokenClaims,
): Promise<readonly ListedSession[]> {
  const { session, sessions } = await findLiveSessions(
    context.db,
    callerOf(claims),
    moment(context),
  )
  requireLiveSession(context, claims, session)
  return sessions.map((listed) => ({ ...listed, isCurrent: listed.id === claims.sid }))
}
