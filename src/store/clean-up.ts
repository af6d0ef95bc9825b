import { type SQL, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { apiKeys } from './api-key-schema'
import { type Database, runBatch } from './database'
import { mailLimits, mailRequests } from './mail-schema'
import { loginAttempts, oneTimeTokens, revocations, userSessions } from './schema'

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS
const KEPT_MS = 30 * DAY_MS

/** Deletes what no request can need any more, `limit` rows of each table at most; answers how many of each. */
export async function deleteExpired(db: Database, now: number, limit: number) {
  // The condition stands twice: by the list alone the whole table would be read, where statistics of its first days
  // say that it is small.
  const some = (table: SQLiteTable, isExpired: SQL) =>
    db.delete(table).where(sql`${isExpired} and rowid in (
        select rowid from ${table} where ${isExpired} limit ${limit})`)
  const [sessions, tokens, attempts, markers, revokedKeys, expiredKeys, asked, limits] =
    await runBatch(db, [
      some(userSessions, sql`expires_at <= ${now}`),
      // The mails of a day are counted by them.
      some(oneTimeTokens, sql`expires_at <= ${now} and created_at <= ${now - DAY_MS}`),
      some(loginAttempts, sql`window_ends_at <= ${now}`),
      some(revocations, sql`expires_at <= ${now}`),
      some(apiKeys, sql`revoked_at <= ${now - KEPT_MS}`),
      some(apiKeys, sql`expires_at <= ${now - KEPT_MS}`),
      some(mailRequests, sql`requested_at <= ${now - HOUR_MS} and settled_at is not null`),
      some(mailLimits, sql`window_ends_at <= ${now}`),
    ])
  return {
    user_sessions: sessions.meta.changes,
    one_time_tokens: tokens.meta.changes,
    login_attempts: attempts.meta.changes,
    revocations: markers.meta.changes,
    api_keys: revokedKeys.meta.changes + expiredKeys.meta.changes,
    mail_requests: asked.meta.changes,
    mail_limits: limits.meta.changes,
  }
}
