import { and, asc, eq, gt, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import { isRecorded, type NewAuditEvent } from './audit-events'
import { type Database, insertWhere, runBatch } from './database'
import { type Revocation, sessionRevocationKey, userRevocationKey } from './revocation-markers'
import { revocations, users } from './schema'

const REVOCATION = {
  key: revocations.key,
  value: revocations.value,
  expiresAt: revocations.expiresAt,
}

const NEWEST = {
  target: revocations.key,
  set: {
    // A batch that runs again must not put its words in the place of a later one's: epochs only rise.
    value: sql`case
      when json_extract(revocations.value, '$.epoch') >= json_extract(excluded.value, '$.epoch')
      then revocations.value else excluded.value end`,
    expiresAt: sql`excluded.expires_at`,
    publishedAt: null,
  },
}

/** A statement for the batch that revokes; its rows are what to publish after the commit. */
export function recordRevocationWhere(
  db: Database,
  revocation: Omit<Revocation, 'value'> & { value: string | SQL },
  condition: SQL,
) {
  return insertWhere(db, revocations, revocation, condition)
    .onConflictDoUpdate(NEWEST)
    .returning(REVOCATION)
}

/** The same for every session that the condition holds for; to stand before the update that ends them. */
export function recordSessionRevocationsWhere(db: Database, expiresAt: number, condition: SQL) {
  const key = sql`${sessionRevocationKey('')} || user_sessions.id`
  return db
    .insert(revocations)
    .select(sql`select ${key}, '1', ${expiresAt}, null from user_sessions where ${condition}`)
    .onConflictDoUpdate(NEWEST)
    .returning(REVOCATION)
}

/**
 * Two statements that stand directly after the one recording `event`: every token of the user issued so
 * far is outdated, except those of the session `keep` that were not outdated before.
 */
export function raiseEpoch(
  db: Database,
  {
    userId,
    keep,
    expiresAt,
    event,
  }: {
    userId: string
    keep: string | null
    expiresAt: number
    event: NewAuditEvent
  },
) {
  const key = userRevocationKey(userId)
  // Kept twice in a row, a session keeps what it kept the first time.
  const since = sql`coalesce((
    select json_extract(value, '$.since') from revocations
    where key = ${key} and json_extract(value, '$.keep') = ${keep}
      and json_extract(value, '$.epoch') = auth_epoch - 1), auth_epoch - 1)`
  const marker = keep
    ? sql`json_object('epoch', auth_epoch, 'keep', ${keep}, 'since', ${since})`
    : sql`json_object('epoch', auth_epoch)`
  const value = sql`(select ${marker} from users where id = ${userId})`
  return [
    // Not where the event was there already: a batch that runs again raises nothing twice.
    db
      .update(users)
      .set({ authEpoch: sql`auth_epoch + 1` })
      .where(sql`id = ${userId} and changes() = 1`),
    // A user who is gone has left the marker of the first run, for the job.
    recordRevocationWhere(
      db,
      { key, value, expiresAt },
      sql`${isRecorded(event)} and exists (select 1 from users where id = ${userId})`,
    ),
  ] as const
}

export async function findRevocations(db: Database, keys: readonly string[], now: number) {
  const [rows] = await runBatch(db, [selectRevocations(db, keys, now)])
  return rows
}

/** A statement that reads what is known to be revoked under these keys. */
export function selectRevocations(db: Database, keys: readonly string[], now: number) {
  return db
    .select(REVOCATION)
    .from(revocations)
    .where(and(inArray(revocations.key, [...keys]), gt(revocations.expiresAt, now)))
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

/**
 * Notes that KV was given these. KV keeps what it is given last, which need not be the newest: where D1
 * holds another value by now the row is unpublished again, for the job. False if there was such a row.
 */
export async function markRevocationsPublished(
  db: Database,
  published: readonly Revocation[],
  now: number,
): Promise<boolean> {
  const [first, ...others] = published.map(({ key, value }) =>
    db
      .update(revocations)
      .set({ publishedAt: sql`case when value = ${value} then ${now} end` })
      .where(eq(revocations.key, key))
      .returning({ publishedAt: revocations.publishedAt }),
  )
  if (!first) return true
  const rows = (await runBatch(db, [first, ...others])).flat()
  return rows.every(({ publishedAt }) => publishedAt !== null)
}
