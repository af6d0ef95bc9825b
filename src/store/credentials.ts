import { eq, sql } from 'drizzle-orm'
import { endApiKeysOf } from './api-keys'
import { isNewest, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, runBatch } from './database'
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
import { raiseEpoch } from './revocations'
import { userSessions, users } from './schema'
import { type Caller, callerLives, type Moment, selectCaller } from './sessions'

/**
 * What is asked of a signed-in user's password: their session, and the hash to verify against. The attempt is counted
 * if the session is live.
 */
export async function findOwnCredential(
  db: Database,
  caller: Caller,
  attempt: Attempt,
  moment: Moment,
) {
  const [refusals, reserved, counted, [session], [credential]] = await runBatch(db, [
    ...reserveAttempt(db, attemptValues(attempt), callerLives(caller, moment)),
    selectCaller(db, caller, moment),
    db.select({ passwordHash: users.passwordHash }).from(users).where(eq(users.id, caller.userId)),
  ])
  const reservation = readReservation([refusals, reserved, counted], attempt)
  return { session: session ?? null, credential: credential ?? null, reservation }
}

export interface PasswordChange {
  /** The hash that the current password was verified against, and the next. */
  readonly passwordHash: { readonly verified: string; readonly next: string }
  readonly attempt: Attempt
  readonly event: NewAuditEvent
  readonly revocationExpiresAt: number
  readonly notice: Pick<NewMail, 'id' | 'type' | 'expiresAt'>
}

/** Changes the caller's password, if it is still the one that was verified, and ends all their other sessions. */
export async function changePassword(
  db: Database,
  caller: Caller,
  { passwordHash, attempt, event, revocationExpiresAt, notice }: PasswordChange,
  moment: Moment,
) {
  const { userId, sessionId } = caller
  const [, , , revocations, , , , , recorded] = await runBatch(db, [
    db
      .update(users)
      .set({ passwordHash: passwordHash.next, updatedAt: moment.now })
      .where(
        sql`id = ${userId} and password_hash = ${passwordHash.verified} and ${callerLives(caller, moment)}`,
      ),
    recordEventWhere(db, event, sql`changes() = 1`),
    ...raiseEpoch(db, { userId, keep: sessionId, expiresAt: revocationExpiresAt, event }),
    db
      .update(userSessions)
      .set({ revokedAt: moment.now, revokedReason: 'password_changed' })
      .where(
        sql`user_id = ${userId} and id <> ${sessionId} and revoked_at is null and ${isNewest(event)}`,
      ),
    endTokensOf(db, userId, event),
    refundAttempt(db, attemptValues(attempt), event),
    queueNotice(db, { ...notice, userId, now: moment.now }, event),
    db
      .select({ id: users.id })
      .from(users)
      .where(sql`id = ${userId}
      and exists (select 1 from audit_events where id = ${event.id})`),
  ])
  return { revocations, isDone: recorded.length > 0 }
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
    db
      .update(userSessions)
      .set({ revokedAt: now, revokedReason: 'password_reset' })
      .where(sql`user_id = ${userId} and revoked_at is null and ${isNewest(event)}`),
    endTokensOf(db, userId, event),
    endApiKeysOf(db, userId, event),
    forgetAttempts(db, reset.attemptKeys, event),
    queueNotice(db, { ...notice, userId, now }, event),
    selectUse(db, redemption.id),
  ])
  return { revocations, isDone: use?.usedBy === redemption.usedBy }
}
