import { sql } from 'drizzle-orm'
import { endApiKeysOf } from './api-keys'
import { isNewest, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, runBatch } from './database'
import { type Attempt, attemptValues, refundAttempt } from './login-attempts'
import {
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

export interface LinkRequest {
  readonly emailNormalized: string
  readonly token: TokenMail
  readonly event: NewAuditEvent
}

/**
 * Has a link mailed to the user with this email, if there is one who is active, may be mailed, and, to verify,
 * has not done so. Nobody is told which: the statements are the same.
 */
export async function requestLink(
  db: Database,
  { emailNormalized, token, event }: LinkRequest,
): Promise<void> {
  const { id, purpose, now } = token
  const isAsked = sql`users.email_normalized = ${emailNormalized} and users.is_active = 1
    and (${purpose} <> 'verify_email' or users.email_verified_at is null)`
  const userId = sql`(select id from users where ${isAsked})`
  const email = sql`(select email from users where ${isAsked})`
  const mayBe = sql`exists (select 1 from users
    where ${isAsked} and ${mayBeMailed(sql`users.id`, purpose, now)})`
  const subjectId = sql`(select user_id from one_time_tokens where id = ${id})`
  await runBatch(db, [
    ...issueTokenWhere(db, token, { userId, email }, mayBe),
    recordEventWhere(db, { ...event, subjectId }, sql`${subjectId} is not null`),
  ])
}

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
  readonly event: NewAuditEvent
  readonly revocationExpiresAt: number
}

/**
 * The new address becomes the user's, by the link mailed there; links mailed to the old one end, and so do sessions,
 * whose user may not be the one who reads the mail. Only an address that was verified gets a link to undo it.
 */
export async function confirmEmailChange(
  db: Database,
  { userId, redemption, keep, undo, event, revocationExpiresAt }: EmailChange,
) {
  const { id, now } = redemption
  const isPossible = sql`exists (select 1 from users where id = ${userId} and is_active = 1)
    and ${isFreeAddress(sql`lower(one_time_tokens.email)`, userId, now)}`
  const next = sql`(select email from one_time_tokens where id = ${id})`
  const old = sql`(select email from users where id = ${userId})`
  // Nobody has shown that an unverified address was theirs: it may be a stranger's, who could not sign up with it. Where
  // the batch runs again, the address is the new one already, and verified.
  const mayUndo = sql`${isNewest(event)} and exists (select 1 from users
    where id = ${userId} and email_verified_at is not null and email_normalized <> lower(${next}))`
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
