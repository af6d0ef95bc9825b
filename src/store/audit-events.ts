import { eq, type SQL, sql } from 'drizzle-orm'
import { auditEvents } from './audit-schema'
import { type Database, insertWhere, runBatch } from './database'

export type NewAuditEvent = Omit<typeof auditEvents.$inferInsert, 'seq'>

/** A statement for the batch of the change that the event tells of; it may find out what happened, and to whom. */
export function recordEventWhere(
  db: Database,
  event: { readonly [Column in keyof NewAuditEvent]: NewAuditEvent[Column] | SQL },
  condition: SQL,
) {
  return insertWhere(db, auditEvents, event, condition).onConflictDoNothing()
}

/** Records what changes nothing but has to be known: a refusal. Of somebody who has just left nothing is kept. */
export async function recordEvent(db: Database, event: NewAuditEvent): Promise<void> {
  await runBatch(db, [recordEventWhere(db, event, isOfNobodyGone(event))])
}

/** Whether those whom the event is about are still there. */
export function isOfNobodyGone({ actorId, subjectId }: NewAuditEvent): SQL {
  const areThere = [actorId, subjectId].map((id) =>
    id ? sql`exists (select 1 from users where id = ${id})` : sql`true`,
  )
  return sql.join(areThere, sql` and `)
}

/** Whether this event has been recorded: how the rest of a batch recognises its own change. */
export function isRecorded(event: NewAuditEvent): SQL {
  return sql`exists (select 1 from audit_events where id = ${event.id})`
}

/**
 * Whether this event is the last of all: how the statements after it recognise that nothing else has
 * happened since. Every change records an event, so a batch that runs again after somebody else's change
 * does not undo it.
 */
export function isNewest(event: NewAuditEvent): SQL {
  return sql`exists (select 1 from audit_events
    where id = ${event.id} and seq = (select max(seq) from audit_events))`
}

/** A statement that reads whether the event has been recorded, by this run of the batch or one before. */
export function selectRecorded(db: Database, event: NewAuditEvent) {
  return db.select({ seq: auditEvents.seq }).from(auditEvents).where(eq(auditEvents.id, event.id))
}
