import { type SQL, sql } from 'drizzle-orm'
import { isNewest, isOfNobodyGone, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, insertWhere, runBatch } from './database'
import { outbox } from './mail-schema'
import { listOf } from './users'

/** Longer than a run of the job may take: what a run has claimed, no other run delivers beside it. */
const CLAIM_MS = 15 * 60 * 1000
const FIRST_RETRY_MS = 60 * 1000
const MOST_DOUBLINGS = 9
const EVENT_LIFE_MS = 7 * 24 * 60 * 60 * 1000

export type Channel = typeof outbox.$inferSelect.channel
export type Outgoing = Awaited<ReturnType<typeof claimOutgoing>>[number]

const OUTGOING = {
  id: outbox.id,
  type: outbox.type,
  userId: outbox.userId,
  email: outbox.email,
  oneTimeTokenId: outbox.oneTimeTokenId,
  occurredAt: outbox.occurredAt,
  attempts: outbox.attempts,
}

/** A statement, directly after the one recording the event, that has other applications told of it. */
export function announce(db: Database, event: NewAuditEvent, type: string) {
  return db
    .insert(outbox)
    .select(
      sql`select null, id, 'event', ${type}, subject_id, null, null, occurred_at,
        occurred_at + ${EVENT_LIFE_MS}, 0, occurred_at
        from audit_events where id = ${event.id} and ${isNewest(event)}`,
    )
    .onConflictDoNothing()
}

export interface NewMail {
  readonly id: string
  readonly type: string
  readonly userId: string | SQL | null
  readonly email: string | SQL
  /** Whose link it carries, if it carries one. */
  readonly oneTimeTokenId: string | SQL | null
  readonly now: number
  readonly expiresAt: number
}

/** A statement that has a mail sent where the condition holds. */
export function queueMailWhere(db: Database, { now, ...mail }: NewMail, condition: SQL) {
  const row = {
    ...mail,
    channel: 'mail',
    occurredAt: now,
    attempts: 0,
    nextAttemptAt: now,
  } as const
  return insertWhere(db, outbox, row, condition).onConflictDoNothing()
}

/**
 * Claims what is due, `limit` at most and of the events of each user only the oldest. Nobody else is given
 * the same, nor the event after it, unless it is not settled in a quarter of an hour.
 */
export async function claimOutgoing(db: Database, channel: Channel, now: number, limit: number) {
  // A mail past its time is for the job to give up, and to say so.
  const isOfUse = channel === 'mail' ? sql`expires_at > ${now}` : sql`true`
  const isFirst =
    channel === 'mail'
      ? sql`true`
      : sql`not exists (select 1 from outbox as earlier where earlier.user_id = due.user_id
          and earlier.seq < due.seq and +earlier.channel = 'event')`
  const [claimed] = await runBatch(db, [
    db
      .update(outbox)
      .set({ attempts: sql`attempts + 1`, nextAttemptAt: now + CLAIM_MS })
      .where(
        // What is due stands twice, as in the clean-up.
        sql`channel = ${channel} and next_attempt_at <= ${now} and seq in (
          select seq from outbox as due
          where channel = ${channel} and next_attempt_at <= ${now} and ${isFirst} and ${isOfUse}
          order by next_attempt_at limit ${limit})`,
      )
      .returning(OUTGOING),
  ])
  return claimed
}

/** What was taken goes; the rest is due again after one minute, then two, four, and so on up to eight and a half hours. */
export async function settleOutgoing(
  db: Database,
  { taken, left }: { taken: readonly string[]; left: readonly string[] },
  now: number,
): Promise<void> {
  const pause = sql`(${FIRST_RETRY_MS} << min(attempts - 1, ${MOST_DOUBLINGS}))`
  await runBatch(db, [
    db.delete(outbox).where(sql`id in ${listOf(taken)}`),
    db
      .update(outbox)
      .set({ nextAttemptAt: sql`${now} + ${pause}` })
      .where(sql`id in ${listOf(left)}`),
  ])
}

/** Deletes events that were tried and are past their time, or all where there is nobody to tell; answers how many. */
export async function giveUpEvents(
  db: Database,
  now: number,
  { hasListeners }: { hasListeners: boolean },
): Promise<number> {
  const isOver = hasListeners ? sql`expires_at <= ${now} and attempts > 0` : sql`true`
  const [deleted] = await runBatch(db, [
    db
      .delete(outbox)
      .where(sql`channel = 'event' and next_attempt_at <= ${now} and ${isOver}`)
      .returning({ id: outbox.id }),
  ])
  return deleted.length
}

/** Mails that are past their time, `limit` at most. */
export async function findOverdueMails(db: Database, now: number, limit: number) {
  const [mails] = await runBatch(db, [
    db.select(OUTGOING).from(outbox).where(isOverdueMail(now)).orderBy(outbox.seq).limit(limit),
  ])
  return mails
}

/** Deletes a mail that is past its time, and records it. */
export async function giveUpMail(
  db: Database,
  { id }: Pick<Outgoing, 'id'>,
  { event, now }: { event: NewAuditEvent; now: number },
): Promise<void> {
  const isStillThere = sql`exists (select 1 from outbox where id = ${id} and ${isOverdueMail(now)})`
  await runBatch(db, [
    recordEventWhere(db, event, sql`${isStillThere} and ${isOfNobodyGone(event)}`),
    db.delete(outbox).where(sql`id = ${id} and ${isOverdueMail(now)}`),
  ])
}

const isOverdueMail = (now: number): SQL =>
  sql`channel = 'mail' and next_attempt_at <= ${now} and expires_at <= ${now}`

/** A statement that tells a user of the event that was just recorded, at their own address. */
export function queueNotice(
  db: Database,
  { userId, ...mail }: Pick<NewMail, 'id' | 'type' | 'expiresAt' | 'now'> & { userId: string },
  event: NewAuditEvent,
) {
  return queueMailWhere(
    db,
    {
      ...mail,
      userId,
      email: sql`(select email from users where id = ${userId})`,
      oneTimeTokenId: null,
    },
    isNewest(event),
  )
}
