import { type SQL, sql } from 'drizzle-orm'
import { type NewAuditEvent, recordEventWhere } from './audit-events'
import { auditEvents, departures } from './audit-schema'
import { type Database, runBatch } from './database'
import { listOf } from './users'

// What the audit trail had of a user who has left goes in two steps: at once what it had of them as a subject, and
// later, since it is evidence, from where they acted.

/** What goes of the parts of an actor. */
export interface Erasure {
  /** The types of events that are no evidence. */
  readonly routineTypes: readonly string[]
  /** When all others go. */
  readonly eraseAt: number
}

// In the words of the index of actors, which is of these alone.
const concerns = (userId: string): SQL => sql`(subject_id = ${userId}
  or (actor_id = ${userId} and actor_id is not null and actor_id is not subject_id))`

/** A statement that erases the person as the subject of events. */
export function eraseSubjectParts(db: Database, userId: string, condition: SQL) {
  return db
    .update(auditEvents)
    .set({ subjectPersonal: null, subjectPersonalSalt: null })
    .where(sql`subject_id = ${userId} and subject_personal is not null and ${condition}`)
}

/**
 * A statement that erases the person as the actor of events that are no evidence, and from the time on that the
 * erasure says of all. Where nobody is known to have acted, it is taken for them: somebody tried to log in. An event of
 * one part, which was recorded before there were two, is erased at once.
 */
export function eraseActorParts(
  db: Database,
  userId: string,
  { routineTypes, eraseAt, now }: Erasure & { readonly now: number },
  condition: SQL,
) {
  const isTheirs = sql`(actor_id = ${userId} or actor_id is null)`
  const isRoutine = sql`(subject_id = ${userId} and type in ${listOf(routineTypes)})`
  return db
    .update(auditEvents)
    .set({ actorPersonal: null, actorPersonalSalt: null })
    .where(sql`${concerns(userId)} and personal is not null
      and (subject_personal_digest is null
        or (${isTheirs} and (${eraseAt} <= ${now} or ${isRoutine})))
      and ${condition}`)
}

/** Who has left for so long that what is left of them goes, `limit` at most. */
export async function findDueErasures(db: Database, now: number, limit: number) {
  const [due] = await runBatch(db, [
    db
      .select({ userId: departures.userId, eraseAt: departures.eraseAt })
      .from(departures)
      .where(sql`erase_at <= ${now}`)
      .orderBy(departures.eraseAt)
      .limit(limit),
  ])
  return due
}

/** Erases all that is left of a user who has left, and records it, once. */
export async function eraseDeparted(
  db: Database,
  { userId, eraseAt }: { userId: string; eraseAt: number },
  erased: NewAuditEvent,
  now: number,
): Promise<void> {
  const isDue = sql`exists (select 1 from departures where user_id = ${userId} and erase_at <= ${now})`
  await runBatch(db, [
    eraseActorParts(db, userId, { routineTypes: [], eraseAt, now }, isDue),
    recordEventWhere(db, erased, isDue),
    db.delete(departures).where(sql`user_id = ${userId} and erase_at <= ${now}`),
  ])
}
