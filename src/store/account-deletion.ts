import { eq, type SQL, sql } from 'drizzle-orm'
import { endApiKeysOf } from './api-keys'
import {
  isNewest,
  isRecorded,
  type NewAuditEvent,
  recordEventWhere,
  selectRecorded,
} from './audit-events'
import { departures } from './audit-schema'
import { type Database, insertWhere, runBatch } from './database'
import { type Erasure, eraseActorParts, eraseSubjectParts } from './erasures'
import { type Attempt, attemptValues, refundAttempt } from './login-attempts'
import { outbox } from './mail-schema'
import { endTokensOf, isFoundByEmail, isLiveUndoing } from './one-time-tokens'
import { announce, type NewMail, queueMailWhere, queueNotice } from './outbox'
import { raiseEpoch } from './revocations'
import { oneTimeTokens, userSessions, users } from './schema'
import { type Caller, callerLives, type Moment } from './sessions'
import { isLastAdmin } from './user-administration'

// How an account ends: at once, or, while a change of its email can be undone, when that is over.

type Notice = Pick<NewMail, 'id' | 'type' | 'expiresAt'>

export interface Deletion {
  readonly deleted: NewAuditEvent
  readonly erased: NewAuditEvent
  readonly erasure: Erasure
  readonly revocationExpiresAt: number
  readonly notice: Notice
}

export interface DeletionSchedule {
  readonly scheduled: NewAuditEvent
  readonly revocationExpiresAt: number
  /** To the address of the account, and to the one that it can go back to. */
  readonly notices: { readonly current: Notice; readonly former: Notice }
}

export interface DeletionRequest {
  readonly passwordHash: string
  readonly attempt: Attempt
  readonly deletion: Deletion
  readonly schedule: DeletionSchedule
}

/**
 * Deletes the caller, if the password is still the one that was verified and they are not the last admin. While a
 * change of their email can be undone, it disables the account instead, and notes when to delete it.
 */
export async function requestDeletion(
  db: Database,
  caller: Caller,
  { passwordHash, attempt, deletion, schedule }: DeletionRequest,
  moment: Moment,
) {
  const { userId } = caller
  const isAllowed = sql`${callerLives(caller, moment)} and exists (select 1 from users
    where id = ${userId} and password_hash = ${passwordHash} and not ${isLastAdmin})`
  const isUndoable = sql`exists (select 1 from one_time_tokens
    where ${isLiveUndoing(userId, moment.now)})`
  const { deleted, erased } = deletion
  const { scheduled } = schedule
  const results = await runBatch(db, [
    selectLeaver(db, caller, moment),
    // First: whoever is scheduled has no live session any more, and is not deleted by what follows.
    ...scheduleStatements(db, userId, schedule, sql`${isAllowed} and ${isUndoable}`),
    ...deletionStatements(db, userId, deletion, sql`${isAllowed} and not ${isUndoable}`),
    refundAttempt(db, attemptValues(attempt), scheduled, erased),
    selectRecorded(db, deleted),
    selectSchedule(db, userId, scheduled),
  ])
  return {
    before: results[0][0],
    // Each group's epoch is raised by its third statement.
    revocations: [...results[3], ...results[13]],
    isDeleted: results[24].length > 0,
    deletesAt: results[25][0]?.deleteAt ?? null,
  }
}

/** A statement that reads what a refusal is told by. */
function selectLeaver(db: Database, caller: Caller, moment: Moment) {
  return db
    .select({
      isLastAdmin: isLastAdmin.mapWith(Boolean).as('is_last_admin'),
      isCallerLive: callerLives(caller, moment).mapWith(Boolean).as('is_caller_live'),
    })
    .from(users)
    .where(eq(users.id, caller.userId))
}

/** A statement that reads when the user is to be deleted, where this request has scheduled it. */
function selectSchedule(db: Database, userId: string, scheduled: NewAuditEvent) {
  return db
    .select({ deleteAt: users.deleteAt })
    .from(users)
    .where(sql`id = ${userId} and ${isRecorded(scheduled)}`)
}

/** Whose deletion is due, `limit` at most. */
export async function findDueDeletions(db: Database, now: number, limit: number) {
  const [due] = await runBatch(db, [
    db
      .select({ userId: users.id })
      .from(users)
      .where(sql`delete_at <= ${now}`)
      .orderBy(users.deleteAt)
      .limit(limit),
  ])
  return due
}

/** Deletes a user whose deletion is due. False where it was not, or somebody else has done it. */
export async function carryOutDeletion(
  db: Database,
  userId: string,
  deletion: Deletion,
  now: number,
): Promise<boolean> {
  const isDue = sql`exists (select 1 from users where id = ${userId} and delete_at <= ${now})`
  const [, , , , , , , , , , , , recorded] = await runBatch(db, [
    ...deletionStatements(db, userId, deletion, isDue),
    selectRecorded(db, deletion.deleted),
  ])
  return recorded.length > 0
}

/**
 * Twelve statements that delete a user where the condition holds. Their sessions, roles and links go with them. The
 * audit events stay, without what they had of the person as their subject.
 */
function deletionStatements(
  db: Database,
  userId: string,
  { deleted, erased, erasure, revocationExpiresAt, notice }: Deletion,
  condition: SQL,
) {
  const now = deleted.occurredAt
  const isDeleted = isNewest(deleted)
  const isTheirInvitation = sql`${isFoundByEmail} and purpose = 'invitation'
    and lower(email) = lower((select email_normalized from users where id = ${userId}))`
  const departure = { userId, leftAt: now, eraseAt: erasure.eraseAt }
  return [
    recordEventWhere(db, deleted, condition),
    ...raiseEpoch(db, { userId, keep: null, expiresAt: revocationExpiresAt, event: deleted }),
    db.delete(outbox).where(sql`user_id = ${userId} and +channel = 'mail' and ${isDeleted}`),
    db.delete(oneTimeTokens).where(sql`${isTheirInvitation} and ${isDeleted}`),
    queueNotice(db, { ...notice, userId, now }, deleted),
    announce(db, deleted, deleted.type),
    db.delete(users).where(sql`id = ${userId} and ${isDeleted}`),
    insertWhere(
      db,
      departures,
      departure,
      sql`${isDeleted} and ${erasure.eraseAt} > ${now}`,
    ).onConflictDoNothing(),
    eraseSubjectParts(db, userId, isDeleted),
    eraseActorParts(db, userId, { ...erasure, now }, isDeleted),
    recordEventWhere(db, erased, isDeleted),
  ] as const
}

/** Ten statements that disable a user, to be deleted when no change of their email can be undone any more. */
function scheduleStatements(
  db: Database,
  userId: string,
  { scheduled, revocationExpiresAt, notices }: DeletionSchedule,
  condition: SQL,
) {
  const now = scheduled.occurredAt
  const isScheduled = isNewest(scheduled)
  const undoing = isLiveUndoing(userId, now)
  // The owner's, where somebody else has changed the email after them.
  const first = (column: string) =>
    sql`(select ${sql.raw(column)} from one_time_tokens where ${undoing} order by created_at limit 1)`
  return [
    recordEventWhere(db, scheduled, condition),
    ...raiseEpoch(db, { userId, keep: null, expiresAt: revocationExpiresAt, event: scheduled }),
    db
      .update(users)
      .set({
        isActive: false,
        deleteAt: sql`(select max(expires_at) from one_time_tokens where ${undoing})`,
        updatedAt: now,
      })
      .where(sql`id = ${userId} and ${isScheduled}`),
    db
      .update(userSessions)
      .set({ revokedAt: now, revokedReason: 'user_disabled' })
      .where(sql`user_id = ${userId} and revoked_at is null and ${isScheduled}`),
    endTokensOf(db, userId, scheduled),
    endApiKeysOf(db, userId, scheduled),
    queueNotice(db, { ...notices.current, userId, now }, scheduled),
    queueMailWhere(
      db,
      { ...notices.former, userId, email: first('email'), oneTimeTokenId: first('id'), now },
      isScheduled,
    ),
    announce(db, scheduled, 'user_disabled'),
  ] as const
}
