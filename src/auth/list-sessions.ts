import type { AccessTokenClaims } from '../crypto/access-token'
import { findLiveSessions } from '../store/sessions'
import { type AuthContext, callerOf, moment } from './auth-context'
import { requireLiveSession } from './require-live-session'

export type ListedSession = Awaited<ReturnType<typeof findLiveSessions>>['sessions'][number] & {
  readonly isCurrent: boolean
}

/**
 * The live sessions of the caller: the one that asks, and the others, the last used first. The first is in use now, whatever is stored of it: who has a
 * copy of it would otherwise learn when its user refreshes, and could always be second.
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
  const isCurrent = ({ id }: { id: string }) => id === claims.sid
  return [
    ...sessions
      .filter(isCurrent)
      .map((own) => ({ ...own, lastUsedAt: context.now, isCurrent: true })),
    ...sessions
      .filter((other) => !isCurrent(other))
      .map((other) => ({ ...other, isCurrent: false })),
  ]
}
