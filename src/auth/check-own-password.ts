import type { AccessTokenClaims } from '../crypto/access-token'
import { parsePasswordHash, verifyPassword } from '../crypto/password'
import { findOwnCredential } from '../store/credentials'
import type { Attempt, Counted } from '../store/login-attempts'
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
  const asked = await askForOwnPassword(context, claims, null)
  const passwordHash = await verifiedHash(context, asked.stored, password)
  if (passwordHash !== null) return { passwordHash, attempt: asked.attempt }
  throw await refuseOwnPassword(context, claims, asked, purpose)
}

export interface AskedPassword extends Counted {
  /** The hash of the user, as it is stored. */
  readonly stored: string | null
  /** Whether the access token is of before a change of the password, or its session has ended. */
  readonly isTokenOver: boolean
  /** Whether this session has changed the password after `changedSince`. */
  readonly isChanged: boolean
}

/**
 * Counts an attempt of the caller at their own password, and reads what it is to be verified against. A token from
 * before a change of the password will do until `changedSince` is past.
 * @throws AuthError invalid_token, too_many_attempts
 */
export async function askForOwnPassword(
  context: AuthContext,
  claims: AccessTokenClaims,
  changedSince: number | null,
): Promise<AskedPassword> {
  const guess = await newGuess(context, claims.email.toLowerCase(), undefined, null)
  // Their session says that somebody is there: no challenge is asked for.
  const attempt = { ...guess.attempt, isHuman: true }
  const asked = { attempt, changedSince }
  const found = await findOwnCredential(context.db, callerOf(claims), asked, moment(context))
  const { credential, reservation } = found
  const isChanged = credential?.isChanged ?? false
  if (!isChanged) requireLiveSession(context, claims, found.session)
  if (!reservation) throw new AuthError('invalid_token', { reason: 'session_ended_meanwhile' })
  return {
    ...requireReserved(reservation, guess),
    stored: credential?.passwordHash ?? null,
    isTokenOver: !found.session?.isLive,
    isChanged,
  }
}

/** The hash, if it is that of the password. Without one it costs the same. */
export async function verifiedHash(
  { config }: AuthContext,
  stored: string | null,
  password: string,
): Promise<string | null> {
  const parsed = stored === null ? null : parsePasswordHash(stored, config.passwordHashing)
  const isRight = await verifyPassword(password, parsed, config.passwordHashing)
  return isRight ? (parsed?.text ?? null) : null
}

/** Records the failure; answers the refusal. */
export async function refuseOwnPassword(
  context: AuthContext,
  { sub: userId, sid: sessionId }: AccessTokenClaims,
  counted: Counted,
  purpose: string,
): Promise<AuthError> {
  await recordFailure(context, counted, {
    type: 'password_check_failed',
    outcome: 'failure',
    actorId: userId,
    subjectId: userId,
    sessionId,
    detail: { for: purpose },
  })
  return new AuthError('wrong_password', { user_id: userId, session_id: sessionId })
}
