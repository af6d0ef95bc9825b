import { eq, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { endApiKeysOf } from './api-keys'
import { isNewest, type NewAuditEvent } from './audit-events'
import { type Database, runBatch } from './database'
import {
  type Attempt,
  attemptValues,
  forgetAttempts,
  readReservation,
  refundAttempt,
  reserveAttempt,
} from './login-attempts'
import { endTokensOf } from './one-time-tokens'
import { type NewMail, queueNotice } from './outbox'
import { userSessions, users } from './schema'
import { type Caller, callerLives, type Moment, type RevokedReason } from './sessions'

/**
 * What comes with a mailed link, since who reads the mail need not be who made the account: the account's own session, its
 * password, or a new password that takes the place of all that was there. `keep` is the session that goes on.
 */
export type LinkProof =
  | { readonly by: 'session'; readonly keep: Caller }
  | {
      readonly by: 'password'
      readonly keep: Caller | null
      /** The hash that it was verified against. */
      readonly passwordHash: string
      readonly attempt: Attempt
    }
  | {
      readonly by: 'new_password'
      readonly keep: null
      readonly passwordHash: string
      /** Of failed logins: they are forgotten. */
      readonly attemptKeys: readonly string[]
      readonly notice: Pick<NewMail, 'id' | 'type' | 'expiresAt'>
    }

/** Counts the attempt, and reads the password to verify and whether the session is live that came with it, if one did. */
export async function findLinkCredential(
  db: Database,
  { userId, caller, attempt }: { userId: string; caller: Caller | null; attempt: Attempt },
  moment: Moment,
) {
  const isCallerLive = caller ? callerLives(caller, moment) : sql`false`
  const [refusals, reserved, counted, [credential]] = await runBatch(db, [
    ...reserveAttempt(db, attemptValues(attempt)),
    db
      .select({
        passwordHash: users.passwordHash,
        isCallerLive: isCallerLive.mapWith(Boolean).as('is_caller_live'),
      })
      .from(users)
      .where(eq(users.id, userId)),
  ])
  const reservation = readReservation([refusals, reserved, counted], attempt)
  if (!reservation) throw new Error('an attempt was neither counted nor refused')
  return { reservation, credential: credential ?? null }
}

/** Whether the proof holds at this moment. */
export function proofHolds(proof: LinkProof, userId: string, moment: Moment) {
  if (proof.by === 'session') return callerLives(proof.keep, moment)
  if (proof.by === 'new_password') return sql`true`
  return sql`exists (select 1 from users
    where id = ${userId} and password_hash = ${proof.passwordHash})`
}

/** A statement that reads whether the proof holds; it stands before what may change that. */
export function selectProofHolds(db: Database, proof: LinkProof, userId: string, moment: Moment) {
  return db
    .select({ holds: proofHolds(proof, userId, moment).mapWith(Boolean).as('holds') })
    .from(sql`(select 1)`)
}

/** Statements for what the proof brings: a right password is no failed attempt, a new one takes the place of the old. */
export function settleProof(
  db: Database,
  proof: LinkProof,
  { userId, event }: { userId: string; event: NewAuditEvent },
): readonly BatchItem<'sqlite'>[] {
  if (proof.by === 'session') return []
  if (proof.by === 'password') return [refundAttempt(db, attemptValues(proof.attempt), event)]
  const { passwordHash, attemptKeys, notice } = proof
  return [
    db
      .update(users)
      .set({ passwordHash })
      .where(sql`id = ${userId} and ${isNewest(event)}`),
    forgetAttempts(db, attemptKeys, event),
    queueNotice(db, { ...notice, userId, now: event.occurredAt }, event),
  ]
}

/**
 * Statements that end what somebody else may have placed in an account before it was recovered by mail: every session but
 * one, every other link, every API key. The password is the caller's to replace.
 */
export function endAllBefore(
  db: Database,
  userId: string,
  { keep, reason, event }: { keep: string | null; reason: RevokedReason; event: NewAuditEvent },
) {
  return [
    db
      .update(userSessions)
      .set({ revokedAt: event.occurredAt, revokedReason: reason })
      .where(sql`user_id = ${userId} and id is not ${keep} and revoked_at is null
        and ${isNewest(event)}`),
    endTokensOf(db, userId, event),
    endApiKeysOf(db, userId, event),
  ] as const
}
