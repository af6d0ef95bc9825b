import { verifyOneTimeToken } from '../crypto/one-time-token'
import { findRedeemableToken, type Purpose, type Redemption } from '../store/one-time-tokens'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'

/**
 * The row that a mailed token is for, which can be redeemed now. What is not a token of ours, for this purpose,
 * reaches no database.
 * @throws AuthError invalid_link
 */
export async function requireRedeemable(
  { db, keys, now }: Pick<AuthContext, 'db' | 'keys' | 'now'>,
  token: string,
  purpose: Purpose,
) {
  const authentic = await verifyOneTimeToken(token, purpose, keys)
  if (!authentic) throw new AuthError('invalid_link', { reason: 'not_authentic' })
  const { id, tokenHash } = authentic
  const row = await findRedeemableToken(db, { id, tokenHash, purpose, now })
  if (!row) throw new AuthError('invalid_link', { reason: 'used_or_expired' })
  const redemption = (usedBy: string): Redemption => ({ id, tokenHash, purpose, usedBy, now })
  return { ...row, redemption }
}

/** The same for a link of a user. */
export async function requireUserLink(
  context: Pick<AuthContext, 'db' | 'keys' | 'now'>,
  token: string,
  purpose: Exclude<Purpose, 'invitation'>,
) {
  const { userId, userEmail, ...link } = await requireRedeemable(context, token, purpose)
  if (!userId || !userEmail) throw new AuthError('invalid_link', { reason: 'no_user' })
  return { ...link, userId, userEmail }
}
