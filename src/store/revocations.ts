import { and, asc, eq, gt, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import { type Database, insertWhere, runBatch } from './database'
import { revocations } from './schema'

/** Something that KV is to be told, as long as a token could still claim the contrary. */
export type Revocation = Pick<typeof revocations.$inferSelect, 'key' | 'value' | 'expiresAt'>

const REVOCATION = {
  key: revocations.key,
  value: revocations.value,
  expiresAt: revocations.expiresAt,
}

/** A statement for the batch that revokes; its rows are what to publish after the commit. */
export function recordRevocationWhere(db: Database, revocation: Revocation, condition: SQL) {
  return insertWhere(db, revocations, revocation, condition)
    .onConflictDoUpdate({
      target: revocations.key,
      set: {
        value: sql`excluded.value`,
        expiresAt: sql`excluded.expires_at`,
        publishedAt: null,
      },
    })
    .returning(REVOCATION)
}

export async function findRevocations(db: Database, keys: readonly string[], now: number) {
  const [rows] = await runBatch(db, [
    db
      .select(REVOCATION)
      .from(revocations)
      .where(and(inArray(revocations.key, [...keys]), gt(revocations.expiresAt, now))),
  ])
  return rows
}

/** The oldest revocations that KV has not been told, `limit` at most. */
export async function findUnpublishedRevocations(db: Database, now: number, limit: number) {
  const [rows] = await runBatch(db, [
    db
      .select(REVOCATION)
      .from(revocations)
      .where(and(isNull(revocations.publishedAt), gt(revocations.expiresAt, now)))
      .orderBy(asc(revocations.expiresAt))
      .limit(limit),
  ])
  return rows
}

/** False when the value has changed since, so that KV may hold an older one than D1. */
export async function markRevocationPublished(
  db: Database,
  { key, value }: Revocation,
  now: number,
) {
  const [rows] = await runBatch(db, [
    db
      .update(revocations)
      .set({ publishedAt: now })
      .where(and(eq(revocations.key, key), eq(revocations.value, value)))
      .returning({ key: revocations.key }),
  ])
  return rows.length > 0
}
