import type { AccessTokenClaims } from '../crypto/access-token'
import { hashPassword, parsePasswordHash, verifyPassword } from '../crypto/password'
import { findLinkCredential, type LinkProof } from '../store/link-proofs'
import type { Caller } from '../store/sessions'
import { type AuthContext, callerOf, moment } from './auth-context'
import { AuthError } from './errors'
import { attemptKeysOf, newGuess, recordFailure, requireReserved } from './guess-limits'
import { newNotice } from './mailed-link'
import { requireAcceptablePassword } from './password-policy'
import { requireUserLink } from './redeem-link'

/** A mailed link as somebody opens it, with what is to show that the account is theirs. */
export interface OpenedLink {
  readonly token: string
  /** Of an access token that came with it, if a usable one did. */
  readonly claims: AccessTokenClaims | null
  readonly password?: string | undefined
  readonly newPassword?: string | undefined
}

interface UserLink {
  readonly userId: string
  /** The address that it was mailed to. */
  readonly email: string
  /** The address of the account, normalized. */
  readonly userEmail: string
}

/**
 * Asks whoever opens a link that makes an address an account's for more than the link: somebody else may have made the account
 * and chosen its password. Nothing is used up here. Whether a session is live is for the batch that uses the proof.
 * @param purpose what for, as the audit trail has it
 * @throws AuthError password_required, wrong_password, too_many_attempts, weak_password
 */
export async function proveLink(
  context: AuthContext,
  link: UserLink,
  { claims, password, newPassword }: OpenedLink,
  purpose: string,
): Promise<LinkProof> {
  const keep = claims?.sub === link.userId ? callerOf(claims) : null
  if (newPassword !== undefined) return replacePassword(context, link, newPassword)
  if (password !== undefined) return checkPassword(context, link, { keep, password, purpose })
  if (keep) return { by: 'session', keep }
  throw new AuthError('password_required', { reason: 'no_proof', user_id: link.userId })
}

/** Whether the link is good, and of the account that the claims are of. */
export async function isOwnLink(
  context: AuthContext,
  token: string,
  purpose: 'verify_email' | 'change_email',
  claims: AccessTokenClaims,
): Promise<boolean> {
  try {
    return (await requireUserLink(context, token, purpose)).userId === claims.sub
  } catch (error) {
    if (error instanceof AuthError) return false
    throw error
  }
}

/** Why nothing was done with a link and its proof. */
export function linkRefusal(
  { by }: LinkProof,
  { isProven, reason, userId }: { isProven: boolean; reason: string; userId: string },
): AuthError {
  if (isProven) return new AuthError('invalid_link', { reason, user_id: userId })
  return by === 'session'
    ? new AuthError('password_required', { reason: 'session_ended', user_id: userId })
    : new AuthError('wrong_password', { reason: 'changed_meanwhile', user_id: userId })
}

async function replacePassword(
  context: AuthContext,
  { email }: UserLink,
  password: string,
): Promise<LinkProof> {
  const normalized = email.toLowerCase()
  await requireAcceptablePassword(context, { password, email: normalized, path: 'new_password' })
  return {
    by: 'new_password',
    keep: null,
    passwordHash: await hashPassword(password, context.config.passwordHashing),
    attemptKeys: await attemptKeysOf(context, normalized),
    notice: newNotice(context, 'password_changed'),
  }
}

// Counted as a login is, at the address by which the account logs in.
async function checkPassword(
  context: AuthContext,
  { userId, userEmail }: UserLink,
  { keep, password, purpose }: { keep: Caller | null; password: string; purpose: string },
): Promise<LinkProof> {
  const { db, config } = context
  const guess = await newGuess(context, userEmail, undefined, null)
  // The link says that somebody reads that mail: no challenge is asked for.
  const attempt = { ...guess.attempt, isHuman: true }
  const asked = { userId, caller: keep, attempt }
  const { reservation, credential } = await findLinkCredential(db, asked, moment(context))
  const counted = requireReserved(reservation, { ...guess, attempt })
  const stored = credential?.passwordHash
    ? parsePasswordHash(credential.passwordHash, config.passwordHashing)
    : null
  if ((await verifyPassword(password, stored, config.passwordHashing)) && stored && credential) {
    const passwordHash = stored.text
    const proven = { by: 'password', passwordHash, attempt: counted.attempt } as const
    return { ...proven, keep: credential.isCallerLive ? keep : null }
  }
  await recordFailure(context, counted, {
    type: 'password_check_failed',
    outcome: 'failure',
    actorId: null,
    subjectId: userId,
    sessionId: null,
    detail: { for: purpose },
  })
  throw new AuthError('wrong_password', { user_id: userId })
}
