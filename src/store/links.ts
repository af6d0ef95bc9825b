import { sql } from 'drizzle-orm'
import { endApiKeysOf } from './api-keys'
import { isNewest, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, runBatch } from './database'
import {
  endAllBefore,
  type LinkProof,
  proofHolds,
  selectProofHolds,
  settleProof,
} from './link-proofs'
import { type Attempt, attemptValues, refundAttempt } from './login-attempts'
import {
  endLaterUndoings,
  endTokensOf,
  isFreeAddress,
  issueTokenWhere,
  mayBeMailed,
  type Redemption,
  redeemTokenWhere,
  selectUse,
  type TokenMail,
} from './one-time-tokens'
import { announce } from './outbox'
import { raiseEpoch } from './revocations'
import { userSessions, users } from './schema'
import { type Caller, callerLives, type Moment } from './sessions'

export interface EmailVerification {
  readonly userId: string
  readonly redemption: Redemption
  readonly proof: LinkProof
  readonly event: NewAuditEvent
  readonly revocationExpiresAt: number
}

/**
 * Notes that the address is the user's, by a mailed link, which is used up, and a proof that who reads the mail has the
 * account. What somebody else may have placed there before ends. `isProven` says whether the proof held.
 */
export async function verifyEmail(
  db: Database,
  { userId, redemption, proof, event, revocationExpiresAt }: EmailVerification,
  moment: Moment,
) {
  const { now } = redemption
  const keep = proof.keep?.sessionId ?? null
  const isTheirs = sql`exists (select 1 from users where id = ${userId} and is_active = 1
    and email = one_time_tokens.email and email_verified_at is null)`
  const [[proven], , , , revocations, [use]] = await runBatch(db, [
    selectProofHolds(db, proof, userId, moment),
    redeemTokenWhere(db, redemption, sql`${isTheirs} and ${proofHolds(proof, userId, moment)}`),
    recordEventWhere(db, event, sql`changes() = 1`),
    ...raiseEpoch(db, { userId, keep, expiresAt: revocationExpiresAt, event }),
    selectUse(db, redemption.id),
    db
      .update(users)
      .set({ emailVerifiedAt: now, recoveredAt: now, updatedAt: now })
      .where(sql`id = ${userId} and ${isNewest(event)}`),
    ...endAllBefore(db, userId, { keep, reason: 'email_verified', event }),
    announce(db, event, event.type),
    ...settleProof(db, proof, { userId, event }),
  ])
  const isDone = use?.usedBy === redemption.usedBy
  return { revocations, isDone, isProven: proven?.holds ?? false }
}

export interface EmailChangeRequest {
  readonly token: TokenMail
  /** The address that is to be. */
  readonly email: { readonly address: string; readonly normalized: string }
  readonly passwordHash: string
  readonly attempt: Attempt
  readonly event: NewAuditEvent
}

/** Mails a link to the new address, unless it is somebody's: which the caller is not told. */
export async function requestEmailChange(
  db: Database,
  caller: Caller,
  { token, email, passwordHash, attempt, event }: EmailChangeRequest,
  moment: Moment,
): Promise<void> {
  const { userId } = caller
  const isAllowed = sql`${callerLives(caller, moment)}
    and exists (select 1 from users where id = ${userId} and password_hash = ${passwordHash})`
  const isPossible = sql`${isFreeAddress(email.normalized, null, token.now)}
    and ${mayBeMailed(userId, 'change_email', token.now)}`
  await runBatch(db, [
    ...issueTokenWhere(
      db,
      token,
      { userId, email: email.address },
      sql`${isAllowed} and ${isPossible}`,
    ),
    // In either case: it is in the export, which must not tell either.
    recordEventWhere(db, event, isAllowed),
    refundAttempt(db, attemptValues(attempt), event),
  ])
}

export interface EmailChange {
  readonly userId: string
  readonly redemption: Redemption
  readonly proof: LinkProof
  /** The link that undoes it, mailed to the address that was. */
  readonly undo: TokenMail
  /** Whether that address must have been verified: who mistyped theirs has not given it to a stranger. */
  readonly undoesVerifiedOnly: boolean
  readonly event: NewAuditEvent
  readonly revocationExpiresAt: number
}

/**
 * The new address becomes the user's, by the link mailed there and a proof that who reads the mail has the account. What
 * somebody else may have placed there before ends, links mailed to the old address too. `isProven` says whether the proof held.
 */
export async function confirmEmailChange(
  db: Database,
  { userId, redemption, proof, undo, undoesVerifiedOnly, event, revocationExpiresAt }: EmailChange,
  moment: Moment,
) {
  const { id, now } = redemption
  const keep = proof.keep?.sessionId ?? null
  const isPossible = sql`exists (select 1 from users where id = ${userId} and is_active = 1)
    and ${isFreeAddress(sql`lower(one_time_tokens.email)`, userId, now)}`
  const next = sql`(select email from one_time_tokens where id = ${id})`
  const old = sql`(select email from users where id = ${userId})`
  const mayUndo = sql`${isNewest(event)} and exists (select 1 from users where id = ${userId}
    and (${undoesVerifiedOnly} = 0 or email_verified_at is not null))`
  const [[proven], , , , revocations, [use]] = await runBatch(db, [
    selectProofHolds(db, proof, userId, moment),
    redeemTokenWhere(db, redemption, sql`${isPossible} and ${proofHolds(proof, userId, moment)}`),
    recordEventWhere(db, event, sql`changes() = 1`),
    ...raiseEpoch(db, { userId, keep, expiresAt: revocationExpiresAt, event }),
    selectUse(db, id),
    ...endAllBefore(db, userId, { keep, reason: 'email_verified', event }),
    ...issueTokenWhere(db, undo, { userId, email: old }, mayUndo),
    db
      .update(users)
      .set({
        email: next,
        emailNormalized: sql`lower(${next})`,
        emailVerifiedAt: now,
        recoveredAt: now,
        updatedAt: now,
      })
      .where(sql`id = ${userId} and ${isNewest(event)}`),
    announce(db, event, event.type),
    ...settleProof(db, proof, { userId, event }),
  ])
  const isDone = use?.usedBy === redemption.usedBy
  return { revocations, isDone, isProven: proven?.holds ?? false }
}

export interface EmailChangeUndoing {
  readonly userId: string
  readonly redemption: Redemption
  /** By which a new password is chosen: others may have used up what may be mailed in a day. */
  readonly link: TokenMail
  readonly event: NewAuditEvent
  readonly revocationExpiresAt: number
}

/**
 * The old address becomes the user's again. Whoever changed it knew the password: it is taken, every session
 * and every other link ends, and a link to choose another password is mailed.
 */
export async function undoEmailChange(
  db: Database,
  { userId, redemption, link, event, revocationExpiresAt }: EmailChangeUndoing,
) {
  const { id, now } = redemption
  const isFree = sql`exists (select 1 from users where id = ${userId}) and not exists (
    select 1 from users where email_normalized = lower(one_time_tokens.email) and id <> ${userId})`
  const old = sql`(select email from one_time_tokens where id = ${id})`
  const [, , , revocations, , , , , , [use]] = await runBatch(db, [
    redeemTokenWhere(db, redemption, isFree),
    recordEventWhere(db, event, sql`changes() = 1`),
    ...raiseEpoch(db, { userId, keep: null, expiresAt: revocationExpiresAt, event }),
    db
      .update(users)
      .set({
        email: old,
        emailNormalized: sql`lower(${old})`,
        emailVerifiedAt: now,
        recoveredAt: now,
        passwordHash: null,
        updatedAt: now,
      })
      .where(sql`id = ${userId} and ${isNewest(event)}`),
    db
      .update(userSessions)
      .set({ revokedAt: now, revokedReason: 'password_reset' })
      .where(sql`user_id = ${userId} and revoked_at is null and ${isNewest(event)}`),
    endTokensOf(db, userId, event, link),
    endLaterUndoings(db, userId, redemption, event),
    announce(db, event, 'email_changed'),
    selectUse(db, id),
    ...issueTokenWhere(db, link, { userId, email: old }, isNewest(event)),
    endApiKeysOf(db, userId, event),
  ])
  return { revocations, isDone: use?.usedBy === redemption.usedBy }
}
