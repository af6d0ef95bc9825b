import { and, desc, type SQL, sql } from 'drizzle-orm'
import { type Actor, selectActor } from './actors'
import { auditEvents, SHOWN_EVENT } from './audit-schema'
import { type Database, runBatch } from './database'
import type { Moment } from './sessions'

/** Null where it is not asked for; times in milliseconds, `from` inclusive and `to` not. */
export interface AuditEventFilter {
  readonly type: string | null
  readonly outcome: 'success' | 'failure' | null
  /** To whom it happened. */
  readonly userId: string | null
  /** Who did it, to somebody or something else. */
  readonly actorId: string | null
  readonly from: number | null
  readonly to: number | null
}

export type ListedAuditEvent = Awaited<ReturnType<typeof selectPage>>[number]

interface AuditEventQuery {
  readonly filter: AuditEventFilter
  readonly after: number | null
  readonly limit: number
}

/** No request takes longer than this from its time to its commit, and no clock is further off. */
const DISORDER_MS = 5 * 60 * 1000

/** Events that the filter holds for, the last first, and the actor that asks. */
export async function findAuditEvents(
  db: Database,
  actor: Actor,
  query: AuditEventQuery,
  moment: Moment,
) {
  const [[state], events] = await runBatch(db, [
    selectActor(db, actor, moment),
    selectPage(db, query),
  ])
  return { actor: state, events }
}

function selectPage(db: Database, { filter, after, limit }: AuditEventQuery) {
  return db
    .select(SHOWN_EVENT)
    .from(auditEvents)
    .where(and(sql`seq < ${upperEnd(filter, after)}`, ...conditions(filter)))
    .orderBy(desc(auditEvents.seq))
    .limit(limit)
}

// Events stand in commit order, times nearly so: one well before the range and one well after it say which
// part of the table to look at, so that a question of long ago does not read all that has happened since. Of two
// upper ends only one would be looked for by the index: hence the lower of them.
function upperEnd({ to }: AuditEventFilter, after: number | null): SQL {
  const last = after ?? Number.MAX_SAFE_INTEGER
  if (to === null) return sql`${last}`
  const next = sql`select seq from audit_events
    where occurred_at >= ${to + DISORDER_MS} order by occurred_at, seq limit 1`
  return sql`min(${last}, coalesce((${next}), ${last}))`
}

function conditions({ type, outcome, userId, actorId, from, to }: AuditEventFilter) {
  const before = sql`select seq from audit_events
    where occurred_at < ${(from ?? 0) - DISORDER_MS} order by occurred_at desc, seq desc limit 1`
  const given: readonly (SQL | false)[] = [
    userId !== null && sql`subject_id = ${userId}`,
    actorId !== null &&
      sql`actor_id = ${actorId} and actor_id is not null and actor_id is not subject_id`,
    type !== null && sql`type = ${type}`,
    outcome !== null &&
      (outcome === 'failure' ? sql`outcome = 'failure'` : sql`outcome = 'success'`),
    from !== null && sql`occurred_at >= ${from} and seq > coalesce((${before}), 0)`,
    to !== null && sql`occurred_at < ${to}`,
  ]
  return given.filter((condition) => condition !== false)
}
