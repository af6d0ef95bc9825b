import type { LegacyClaims } from '../crypto/legacy-token'
import { findAccountBySubject, type UserAccount } from '../store/users'
import type { AuthContext } from './auth-context'
import { parseEmailAddress } from './email-address'
import { AuthError } from './errors'

/**
 * The account behind a token of the replaced system. Such a token is of epoch 0, as is an account that was
 * imported: one that somebody signed up for here is none of its business, and whatever has since ended all
 * of the user's tokens has ended it too.
 * @throws AuthError invalid_token
 */
export async function requireLegacyAccount(
  { db, log }: AuthContext,
  { sub }: LegacyClaims,
): Promise<UserAccount> {
  const account = await findAccountBySubject(db, sub, parseEmailAddress(sub)?.normalized ?? '')
  if (!account?.isActive || account.authEpoch > 0) {
    throw new AuthError('invalid_token', { reason: 'legacy_refused' })
  }
  log.info('legacy_token_used', { user_id: account.id })
  return account
}
