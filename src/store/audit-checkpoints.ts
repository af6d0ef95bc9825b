import { eq, sql } from 'drizzle-orm'
import { isRecorded, type NewAuditEvent, recordEventWhere } from './audit-events'
import { auditCheckpoints, auditEvents, SEALED_EVENT } from './audit-schema'
import { type Database, runBatch } from './database'

export type Checkpoint = typeof auditCheckpoints.$inferSelect

/** What a seal covers of an event: all but the personal parts, whose digests it covers. */
export type SealedEvent = Awaited<ReturnType<typeof findUnsealedEvents>>['events'][number]

const LAST = sql`from_seq = (select max(from_seq) from audit_checkpoints)`

/** The last checkpoint, and the first events after it. */
export async function findUnsealedEvents(db: Database, limit: number) {
  const [[last], events] = await runBatch(db, [
    db.select().from(auditCheckpoints).where(LAST),
    db
      .select(SEALED_EVENT)
      .from(auditEvents)
      .where(sql`seq > coalesce((select to_seq from audit_checkpoints where ${LAST}), 0)`)
      .orderBy(auditEvents.seq)
      .limit(limit),
  ])
  return { last: last ?? null, events }
}

/** Whether a checkpoint has this head. */
export async function hasHead(db: Database, head: string): Promise<boolean> {
  const [found] = await runBatch(db, [
    db
      .select({ fromSeq: auditCheckpoints.fromSeq })
      .from(auditCheckpoints)
      .where(eq(auditCheckpoints.head, head)),
  ])
  return found.length > 0
}

/** False where another run has sealed from the same event on: there is only one chain. */
export async function insertCheckpoint(db: Database, checkpoint: Checkpoint): Promise<boolean> {
  const [, [stored]] = await runBatch(db, [
    db.insert(auditCheckpoints).values(checkpoint).onConflictDoNothing(),
    db
      .select({ head: auditCheckpoints.head })
      .from(auditCheckpoints)
      .where(eq(auditCheckpoints.fromSeq, checkpoint.fromSeq)),
  ])
  return stored?.head === checkpoint.head
}

/**
 * The oldest checkpoint, and the one up to which may be deleted what was sealed before that time; or null. The one
 * with the noted head stays, and all after it: sealing goes on only from a chain that has it.
 */
export async function findPrunableCheckpoint(
  db: Database,
  {
    sealedBefore,
    mostEvents,
    notedHead,
  }: { sealedBefore: number; mostEvents: number; notedHead: string | null },
) {
  const noted = sql`(select from_seq from audit_checkpoints where head = ${notedHead})`
  const first = sql`(select min(from_seq) from audit_checkpoints)`
  const [[oldest], [prunable]] = await runBatch(db, [
    db.select().from(auditCheckpoints).where(sql`from_seq = ${first}`),
    db
      .select()
      .from(auditCheckpoints)
      // Never the last: the next one goes on from it.
      .where(
        sql`from_seq < ${first} + ${mostEvents} and sealed_at < ${sealedBefore} and not ${LAST}
          and (${notedHead} is null or from_seq < ${noted})`,
      )
      .orderBy(sql`from_seq desc`)
      .limit(1),
  ])
  return oldest && prunable ? { oldest, prunable } : null
}

/** Deletes the checkpoints up to this one, and what they cover, and records it. */
export async function pruneThrough(
  db: Database,
  { toSeq, head }: Pick<Checkpoint, 'toSeq' | 'head'>,
  event: NewAuditEvent,
): Promise<number> {
  const [, events] = await runBatch(db, [
    recordEventWhere(db, event, sql`exists (select 1 from audit_checkpoints where head = ${head})`),
    db.delete(auditEvents).where(sql`seq <= ${toSeq} and ${isRecorded(event)}`),
    db.delete(auditCheckpoints).where(sql`from_seq <= ${toSeq} and ${isRecorded(event)}`),
  ])
  return events.meta.changes
}
