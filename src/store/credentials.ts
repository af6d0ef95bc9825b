import { eq, type SQL, sql } from 'drizzle-orm'
import { endApiKeysOf } from './api-keys'
import { isNewest, type NewAuditEvent, recordEventWhere, selectRecorded } from './audit-events'
import { type Database, runBatch } from './database'
import { endAllBefore } from './link-proofs'
import {
  type Attempt,
  attemptValues,
  forgetAttempts,
  readReservation,
  refundAttempt,
  reserveAttempt,
} from './login-attempts'
import { endTokensOf, type Redemption, redeemTokenWhere, selectUse } from './one-time-tokens'
import { type NewMail, queueNotice } from './outbox'
import { type FreshAuthentication, renewSession } from './refreshes'
import { raiseEpoch } from './revocations'
import { userSessions, users } from './schema'
import {
  type Caller,
  callerLives,
  isLive,
  type Moment,
  selectCaller,
  selectSession,
} from './sessions'
import { selectAccount } from './users'

/**
 * What is asked of a signed-in user's password: their session, and the hash to verify against. The attempt is counted
 * if the session is live, or its password was changed after `changedSince`: the answer to that may have been lost.
 */
export async function findOwnCredential(
  db: Database,
  caller: Caller,
  { attempt, changedSince }: { attempt: Attempt; changedSince: number | null },
  moment: Moment,
) {
  const mayAsk = sql`(${callerLives(caller, moment)} or ${isRenewed(caller, changedSince, moment)})`
  const [refusals, reserved, counted, [session], [credential]] = await runBatch(db, [
    ...reserveAttempt(db, attemptValues(attempt), mayAsk),
    selectCaller(db, caller, moment),
    selectOwnCredential(db, caller, changedSince, moment),
  ])
  const reservation = readReservation([refusals, reserved, counted], attempt)
  return { session: session ?? null, credential: credential ?? null, reservation }
}

/** The hash of the caller, when the change that they are about to make is found to have been made. */
export async function findChangedCredential(
  db: Database,
  caller: Caller,
  changedSince: number,
  moment: Moment,
) {
  const [[credential]] = await runBatch(db, [selectOwnCredential(db, caller, changedSince, moment)])
  return credential ?? null
}

function selectOwnCredential(
  db: Database,
  caller: Caller,
  changedSince: number | null,
  moment: Moment,
) {
  const isChanged = isRenewed(caller, changedSince, moment)
  return db
    .select({
      passwordHash: users.passwordHash,
      isChanged: sql`coalesce(${isChanged}, 0)`.mapWith(Boolean).as('is_changed'),
    })
    .from(users)
    .where(eq(users.id, caller.userId))
}

// Whatever token of the session it is: that of before the change is all that somebody has who lost the answer.
function isRenewed({ sessionId }: Caller, since: number | null, moment: Moment): SQL {
  return sql`exists (select 1 from user_sessions
    where id = ${sessionId} and ${isLive(moment)} and authenticated_at > ${since})`
}

export interface PasswordChange {
  /** The hash that the current password was verified against, and the next. */
  readonly passwordHash: { readonly verified: string; readonly next: string }
  readonly renewal: FreshAuthentication
  readonly attempt: Attempt
  readonly keepsApiKeys: boolean
  readonly event: NewAuditEvent
  readonly revocationExpiresAt: number
  readonly notice: Pick<NewMail, 'id' | 'type' | 'expiresAt'>
}

/**
 * Changes the caller's password, if it is still the one that was verified. All their other sessions end, and their API
 * keys unless they are kept; their own goes on under new tokens, and copies of its old ones are worth nothing. `isDone` also where an earlier run of the batch did it.
 */
export async function changePassword(
  db: Database,
  caller: Caller,
  {
    passwordHash,
    renewal,
    attempt,
    keepsApiKeys,
    event,
    revocationExpiresAt,
    notice,
  }: PasswordChange,
  moment: Moment,
) {
  const { userId, sessionId } = caller
  // Whoever knew the old password may have been here: their devices and networks are strangers now. That of the caller is
  // remembered anew, at a time in whole seconds.
  const recoveredAt = moment.now - (moment.now % 1000) - 1
  const [, , , revocations, , [session], [account], recorded] = await runBatch(db, [
    db
      .update(users)
      .set({ passwordHash: passwordHash.next, recoveredAt, updatedAt: moment.now })
      .where(
        sql`id = ${userId} and password_hash = ${passwordHash.verified} and ${callerLives(caller, moment)}`,
      ),
    recordEventWhere(db, event, sql`changes() = 1`),
    ...raiseEpoch(db, { userId, keep: null, expiresAt: revocationExpiresAt, event }),
    renewSession(db, renewal, event, moment),
    selectSession(db, sessionId, moment),
    selectAccount(db, eq(users.id, userId)),
    selectRecorded(db, event),
    // What ends with the old password.
    db
      .update(userSessions)
      .set({ revokedAt: moment.now, revokedReason: 'password_changed' })
      .where(
        sql`user_id = ${userId} and id <> ${sessionId} and revoked_at is null and ${isNewest(event)}`,
      ),
    endTokensOf(db, userId, event),
    refundAttempt(db, attemptValues(attempt), event),
    queueNotice(db, { ...notice, userId, now: moment.now }, event),
    ...(keepsApiKeys ? [] : [endApiKeysOf(db, userId, event)]),
  ])
  return {
    session: session ?? null,
    account: account ?? null,
    revocations,
    isDone: recorded.length > 0,
  }
}

export interface RepeatedChange extends Pick<PasswordChange, 'renewal' | 'attempt' | 'event'> {
  /** The hash that the new password was verified against. */
  readonly passwordHash: string
  readonly changedSince: number
}

/** Gives the caller's session new tokens once more, if its password was changed to this one after `changedSince`. */
export async function repeatPasswordChange(
  db: Database,
  caller: Caller,
  { passwordHash, changedSince, renewal, attempt, event }: RepeatedChange,
  moment: Moment,
) {
  const { userId, sessionId } = caller
  const [, , [session], [account], recorded] = await runBatch(db, [
    recordEventWhere(
      db,
      event,
      sql`${isRenewed(caller, changedSince, moment)}
        and exists (select 1 from users where id = ${userId} and password_hash = ${passwordHash})`,
    ),
    renewSession(db, renewal, event, moment),
    selectSession(db, sessionId, moment),
    selectAccount(db, eq(users.id, userId)),
    selectRecorded(db, event),
    refundAttempt(db, attemptValues(attempt), event),
  ])
  return {
    session: session ?? null,
    account: account ?? null,
    revocations: [],
    isDone: recorded.length > 0,
  }
}

export interface PasswordReset {
  readonly userId: string
  readonly redemption: Redemption
  readonly passwordHash: string
  /** Of failed logins: they are forgotten. */
  readonly attemptKeys: readonly string[]
  readonly event: NewAuditEvent
  readonly revocationExpiresAt: number
  readonly notice: Pick<NewMail, 'id' | 'type' | 'expiresAt'>
}

/**
 * Sets a password by a mailed link, which is used up. It ends every session and every other link. Who has read
 * the mail has shown that the address is theirs.
 */
export async function resetPassword(db: Database, reset: PasswordReset) {
  const { userId, redemption, passwordHash, event, revocationExpiresAt, notice } = reset
  const { now } = redemption
  const isActive = sql`exists (select 1 from users where id = ${userId} and is_active = 1
    and email = one_time_tokens.email)`
  const [, , , revocations, , , , , , , [use]] = await runBatch(db, [
    redeemTokenWhere(db, redemption, isActive),
    recordEventWhere(db, event, sql`changes() = 1`),
    ...raiseEpoch(db, { userId, keep: null, expiresAt: revocationExpiresAt, event }),
    db
      .update(users)
      .set({
        passwordHash,
        emailVerifiedAt: sql`coalesce(email_verified_at, ${now})`,
        recoveredAt: now,
        updatedAt: now,
      })
      .where(sql`id = ${userId} and ${isNewest(event)}`),
    ...endAllBefore(db, userId, { keep: null, reason: 'password_reset', event }),
    forgetAttempts(db, reset.attemptKeys, event),
    queueNotice(db, { ...notice, userId, now }, event),
    selectUse(db, redemption.id),
  ])
  return { revocations, isDone: use?.usedBy === redemption.usedBy }
}
