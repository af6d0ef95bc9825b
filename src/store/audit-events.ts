import { type SQL, sql } from 'drizzle-orm'
import { type Database, insertWhere } from './database'
import { auditEvents } from './schema'

export type NewAuditEvent = Omit<typeof auditEvents.$inferInsert, 'seq'>

/** A statement for the batch of the change that the event tells of. */
export function recordEventWhere(db: Database, event: NewAuditEvent, condition: SQL) {
  return insertWhere(db, auditEvents, event, condition).onConflictDoNothing()
}

/** Whether this event has been recorded: how the rest of a batch recognises its own change. */
export function isRecorded(event: NewAuditEvent): SQL {
  return sql`exists (select 1 from audit_events where id = ${event.id})`
}
