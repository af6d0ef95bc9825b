import { sql } from 'drizzle-orm'
import { endApiKeysOf } from './api-keys'
import { isNewest, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, runBatch } from './database'
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
  /** The session that redeems, which goes on. */
  readonly keep: string | null
  readonly event: NewAuditEvent
  readonly revocationExpiresAt: number
}

/**
 * Notes that the address is the user's, by a mailed link, which is used up. Whoever had sessions and API keys before
 * may not have been the one who reads the mail: they end.
 */
export async function verifyEmail(
  db: Database,
  { userId, redemption, keep, event, revocationExpiresAt }: EmailVerification,
) {
  const { now } = redemption
  const isTheirs = sql`exists (select 1 from users where id = ${userId} and is_active = 1
    and email = one_time_tokens.email)`
  const [, , , revocations, , , , [use]] = await runBatch(db, [
    redeemTokenWhere(db, redemption, isTheirs),
    recordEventWhere(db, event, sql`changes() = 1`),
    ...raiseEpoch(db, { userId, keep, expiresAt: revocationExpiresAt, event }),
    db
      .update(users)
      .set({ emailVerifiedAt: now, updatedAt: now })
      .where(sql`id = ${userId} and ${isNewest(event)}`),
    endSessionsBut(db, userId, keep, event),
    announce(db, event, event.type),
    selectUse(db, redemption.id),
    endApiKeysOf(db, userId, event),
  ])
  return { revocations, isDone: use?.usedBy === redemption.usedBy }
}

function endSessionsBut(db: Database, userId: string, keep: string | null, event: NewAuditEvent) {
  return db
    .update(userSessions)
    .set({ revokedAt: event.occurredAt, revokedReason: 'email_verified' })
    .where(sql`user_id = ${userId} and id is not ${keep} and revoked_at is null
      and ${isNewest(event)}`)
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
  /** The session that redeems, which goes on. */
  readonly keep: string | null
  /** The link that undoes it, mailed to the address that was. */
  readonly undo: TokenMail
  /** Whether that address must have been verified: who mistyped theirs has not given it to a stranger. */
  readonly undoesVerifiedOnly: boolean
  readonly event: NewAuditEvent
  readonly revocationExpiresAt: number
}

/**
 * The new address becomes the user's, by the link mailed there; links mailed to the old one end, and so do sessions,
 * whose user may not be the one who reads the mail.
 */
export async function confirmEmailChange(
  db: Database,
  { userId, redemption, keep, undo, undoesVerifiedOnly, event, revocationExpiresAt }: EmailChange,
) {
  const { id, now } = redemption
  const isPossible = sql`exists (select 1 from users where id = ${userId} and is_active = 1)
    and ${isFreeAddress(sql`lower(one_time_tokens.email)`, userId, now)}`
  const next = sql`(select email from one_time_tokens where id = ${id})`
  const old = sql`(select email from users where id = ${userId})`
  const mayUndo = sql`${isNewest(event)} and exists (select 1 from users where id = ${userId}
    and (${undoesVerifiedOnly} = 0 or email_verified_at is not null))`
  const [, , , revocations, , , , , , , , [use]] = await runBatch(db, [
    redeemTokenWhere(db, redemption, isPossible),
    recordEventWhere(db, event, sql`changes() = 1`),
    ...raiseEpoch(db, { userId, keep, expiresAt: revocationExpiresAt, event }),
    endTokensOf(db, userId, event),
    ...issueTokenWhere(db, undo, { userId, email: old }, mayUndo),
    db
      .update(users)
      .set({
        email: next,
        emailNormalized: sql`lower(${next})`,
        emailVerifiedAt: now,
        updatedAt: now,
      })
      .where(sql`id = ${userId} and ${isNewest(event)}`),
    endSessionsBut(db, userId, keep, event),
    announce(db, event, event.type),
    selectUse(db, id),
  ])
  return { revocations, isDone: use?.usedBy === redemption.usedBy }
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
