import { findCaller } from '../store/sessions'
import type { UserAccount } from '../store/users'
import { type AuthContext, callerOf, moment } from './auth-context'
import type { Principal } from './authenticate'
import { AuthError } from './errors'
import { requireLegacyAccount } from './legacy-access'
import { requireLiveSession } from './require-live-session'

/**
 * The account behind an access token or an API key, as D1 has it now.
 * @throws AuthError invalid_token when the session has ended or the user is not active
 */
export async function getAccount(context: AuthContext, principal: Principal): Promise<UserAccount> {
  if (principal.kind === 'api_key') return principal.account
  if (principal.kind === 'legacy') return requireLegacyAccount(context, principal.claims)
  const { claims } = principal
  const { session, account } = await findCaller(context.db, callerOf(claims), moment(context))
  requireLiveSession(context, claims, session)
  if (!account) throw new AuthError('invalid_token', { reason: 'user_gone' })
  return account
}
