import { sql } from 'drizzle-orm'
import { isOfNobodyGone, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, runBatch } from './database'
import { countAttempt } from './login-attempts'
import { loginAttempts } from './schema'

/** One refusal, among those that are counted under the same key. */
export interface Denial {
  readonly key: string
  /** The request's own, by which a batch that runs again knows that it has counted. */
  readonly id: string
  readonly windowMs: number
  readonly now: number
  /** The event that is recorded where this refusal is the one of that number. */
  readonly recorded: readonly { readonly count: number; readonly event: NewAuditEvent }[]
}

/** How many have been counted in the window that goes on. */
export async function findDenials(db: Database, key: string, now: number): Promise<number> {
  const [[counted]] = await runBatch(db, [
    db
      .select({ count: loginAttempts.failures })
      .from(loginAttempts)
      .where(sql`key = ${key} and window_ends_at > ${now}`),
  ])
  return counted?.count ?? 0
}

/** Counts a refusal, beside the failed attempts, and records the event of its number if there is one. */
export async function countDenial(db: Database, denial: Denial): Promise<void> {
  const { key, id, windowMs, now, recorded } = denial
  const counter = JSON.stringify([{ key, windowMs }])
  await runBatch(db, [
    countAttempt(db, { id, now }, sql`json_each(${counter}) where true`),
    ...recorded.map(({ count, event }) =>
      recordEventWhere(
        db,
        event,
        sql`${isOfNobodyGone(event)} and exists (select 1 from login_attempts
          where key = ${key} and failures = ${count} and last_attempt_id = ${id})`,
      ),
    ),
  ])
}
