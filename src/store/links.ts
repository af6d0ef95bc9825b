import { sql } from 'drizzle-orm'
import { isNewest, type NewAuditEvent, recordEventWhere, selectRecorded } from './audit-events'
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
import { users } from './schema'
import { type Caller, callerLives, type Moment, selectCaller } from './sessions'

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

/**
 * Mails a link to the new address, unless it is somebody's: which the caller is not told. `isDone` says that it was asked
 * for, `session` whether the caller's lived.
 */
export async function requestEmailChange(
  db: Database,
  caller: Caller,
  { token, email, passwordHash, attempt, event }: EmailChangeRequest,
  moment: Moment,
) {
  const { userId } = caller
  const isAllowed = sql`${callerLives(caller, moment)}
    and exists (select 1 from users where id = ${userId} and password_hash = ${passwordHash})`
  // The same whether it is somebody's or not, or the next request would tell: only the mail is not sent.
  const isOfUse = isFreeAddress(email.normalized, null, token.now)
  const [[session], , , , , recorded] = await runBatch(db, [
    selectCaller(db, caller, moment),
    ...issueTokenWhere(
      db,
      token,
      { userId, email: email.address, isOfUse },
      sql`${isAllowed} and ${mayBeMailed(userId, 'change_email', token.now)}`,
    ),
    // In either case: it is in the export, which must not tell either.
    recordEventWhere(db, event, isAllowed),
    selectRecorded(db, event),
    refundAttempt(db, attemptValues(attempt), event),
  ])
  return { session: session ?? null, isDone: recorded.length > 0 }
}

export interface EmailChange {
  readonly userId: string
  readonly redemption: Redemption
  readonly proof: LinkProof
  /** The link that undoes it, mailed to the address that was. */
  readonly undo: TokenMail
  readonly event: NewAuditEvent
  readonly revocationExpiresAt: number
}

/**
 * The new address becomes the user's, by the link mailed there and a proof that who reads the mail has the account. What
 * somebody else may have placed there before ends, links mailed to the old address too. Only an address that was
 * verified gets a link to undo it. `isProven` says whether the proof held.
 */
export async function confirmEmailChange(
  db: Database,
  { userId, redemption, proof, undo, event, revocationExpiresAt }: EmailChange,
  moment: Moment,
) {
  const { id, now } = redemption
  const keep = proof.keep?.sessionId ?? null
  const isPossible = sql`exists (select 1 from users where id = ${userId} and is_active = 1)
    and ${isFreeAddress(sql`lower(one_time_tokens.email)`, userId, now)}`
  const next = sql`(select email from one_time_tokens where id = ${id})`
  const old = sql`(select email from users where id = ${userId})`
  // Nobody has shown that an unverified address was theirs: it may be a stranger's, who could not sign up with it. Where
  // the batch runs again, the address is the new one already, and verified.
  const mayUndo = sql`${isNewest(event)} and exists (select 1 from users
    where id = ${userId} and email_verified_at is not null and email_normalized <> lower(${next}))`
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
