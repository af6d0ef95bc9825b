import type { AccessTokenClaims } from '../crypto/access-token'
import { type ApiKey, findApiKeys } from '../store/api-keys'
import { type AuthContext, callerOf, moment } from './auth-context'
import { requireLiveSession } from './require-live-session'

/**
 * The keys of the caller that can be used, the newest first.
 * @throws AuthError invalid_token
 */
export async function listApiKeys(
  context: AuthContext,
  claims: AccessTokenClaims,
): Promise<readonly ApiKey[]> {
  const caller = callerOf(claims)
  const { session, keys } = await findApiKeys(context.db, caller, moment(context))
  requireLiveSession(context, claims, session)
  return keys
}
