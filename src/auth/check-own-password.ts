import type { AccessTokenClaims } from '../crypto/access-token'
import { parsePasswordHash, verifyPassword } from '../crypto/password'
import { findOwnCredential } from '../store/credentials'
import type { Attempt } from '../store/login-attempts'
import { type AuthContext, callerOf, moment } from './auth-context'
import { AuthError } from './errors'
import { newGuess, recordFailure, requireReserved } from './guess-limits'
import { requireLiveSession } from './require-live-session'

export interface OwnPassword {
  readonly passwordHash: string
  readonly attempt: Attempt
}

/**
 * Asks for the password of who is signed in, before what only they should do.
 * @param purpose what for, as the audit trail has it
 * @returns the hash that it was verified against, by which the batch after it knows that it still holds, and the attempt,
 * which that batch takes back
 * @throws AuthError invalid_token, wrong_password, too_many_attempts
 */
export async function requireOwnPassword(
  context: AuthContext,
  claims: AccessTokenClaims,
  password: string,
  purpose: string,
): Promise<OwnPassword> {
  const { db, config } = context
  const { sub: userId, sid: sessionId, email } = claims
  const caller = callerOf(claims)
  const guess = await newGuess(context, email.toLowerCase(), undefined, null)
  // Their session says that somebody is there: no challenge is asked for.
  const attempt = { ...guess.attempt, isHuman: true }
  const found = await findOwnCredential(db, caller, attempt, moment(context))
  requireLiveSession(context, claims, found.session)
  const { credential, reservation } = found
  if (!reservation) throw new AuthError('invalid_token', { reason: 'session_ended_meanwhile' })
  const counted = requireReserved(reservation, guess)
  const stored = credential?.passwordHash
    ? parsePasswordHash(credential.passwordHash, config.passwordHashing)
    : null
  const isRight = await verifyPassword(password, stored, config.passwordHashing)
  if (isRight && stored && credential) {
    return { passwordHash: stored.text, attempt: counted.attempt }
  }
  await recordFailure(context, counted, {
    type: 'password_check_failed',
    outcome: 'failure',
    actorId: userId,
    subjectId: userId,
    sessionId,
    detail: { for: purpose },
  })
  throw new AuthError('wrong_password', { user_id: userId, session_id: sessionId })
}
