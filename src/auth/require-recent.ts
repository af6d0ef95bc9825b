import type { AccessTokenClaims } from '../crypto/access-token'
import type { AuthContext } from './auth-context'
import { type OwnPassword, requireOwnPassword } from './check-own-password'
import { AuthError } from './errors'

/** How old a login may be, as the challenge of the refusal says it (`max_age`, RFC 9470). */
const MAX_AGE_MS = 300 * 1000

/**
 * Asks for proof that the user is there now, before what a stolen access token alone must not do: a login of the last five
 * minutes, by the token's own `auth_time`, or the password. One that is given is looked at in either case.
 * @param purpose what for, as the audit trail has it
 * @returns the password's hash and attempt, which the batch after it needs; null where the login was enough
 * @throws AuthError insufficient_user_authentication; with a password invalid_token, wrong_password, too_many_attempts
 */
export async function requireRecent(
  context: AuthContext,
  claims: AccessTokenClaims,
  password: string | null,
  purpose: string,
): Promise<OwnPassword | null> {
  if (password !== null) return requireOwnPassword(context, claims, password, purpose)
  if (context.now - claims.auth_time * 1000 <= MAX_AGE_MS) return null
  throw new AuthError('insufficient_user_authentication', {
    user_id: claims.sub,
    session_id: claims.sid,
  })
}
