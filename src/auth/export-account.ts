import type { AccessTokenClaims } from '../crypto/access-token'
import { findEverythingOf } from '../store/accounts'
import { type AuthContext, callerOf, moment } from './auth-context'
import { AuthError } from './errors'
import { requireLiveSession } from './require-live-session'

/**
 * Everything that is stored about who is signed in, but secrets.
 * @throws AuthError invalid_token
 */
export async function exportAccount(context: AuthContext, claims: AccessTokenClaims) {
  const caller = callerOf(claims)
  const everything = await findEverythingOf(context.db, caller, moment(context))
  const { session, account, sessions, ...others } = everything
  requireLiveSession(context, claims, session)
  if (!account) throw new AuthError('invalid_token', { reason: 'user_gone' })
  // As in the list of sessions: the one that asks is in use now.
  const listed = sessions.map((one) =>
    one.id === claims.sid ? { ...one, lastUsedAt: context.now } : one,
  )
  return { account, sessions: listed, ...others }
}

export type ExportedAccount = Awaited<ReturnType<typeof exportAccount>>
