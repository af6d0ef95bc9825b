import { eq, sql } from 'drizzle-orm'
import { type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, runBatch } from './database'
import { recordSessionRevocationsWhere } from './revocations'
import { userSessions, users } from './schema'
import { insertSessionWhere, isLive, type Moment, type NewSession, sessionExists } from './sessions'
import { selectAccount } from './users'

const LIVE_SESSIONS_LIMIT = 50

export interface Login {
  readonly session: NewSession
  /** The hash that the password was verified against, and the one to store from now on. */
  readonly passwordHash: { readonly verified: string; readonly next: string }
  readonly events: {
    readonly succeeded: NewAuditEvent
    readonly refused: NewAuditEvent
    readonly limitReached: NewAuditEvent
  }
  /** When what is revoked by this login may be forgotten. */
  readonly revocationExpiresAt: number
}

/**
 * Starts the session if, at this moment, the user is active and the password verified is still theirs: a
 * reset or a disable that landed during the derivation wins. With more than 50 live sessions the oldest
 * ends in the same batch, and never the new one, whatever the clocks of the others.
 */
export async function startSession(db: Database, login: Login, moment: Moment) {
  const { session, passwordHash, events, revocationExpiresAt } = login
  const started = sessionExists(session.id)
  const isExcess = sql`${started} and user_sessions.id in (
    select id from user_sessions where user_id = ${session.userId} and ${isLive(moment)}
    order by id = ${session.id} desc, issued_at desc, id desc limit -1 offset ${LIVE_SESSIONS_LIMIT})`
  const results = await runBatch(db, [
    insertSessionWhere(
      db,
      session,
      sql`exists (select 1 from users
        where id = ${session.userId} and is_active = 1 and password_hash = ${passwordHash.verified})`,
    ),
    db
      .update(users)
      .set({ lastLoginAt: moment.now, passwordHash: passwordHash.next })
      .where(
        sql`id = ${session.userId} and password_hash = ${passwordHash.verified} and ${started}`,
      ),
    recordEventWhere(db, events.succeeded, started),
    recordEventWhere(
      db,
      events.refused,
      sql`exists (select 1 from users where id = ${session.userId} and is_active = 0)`,
    ),
    recordSessionRevocationsWhere(db, revocationExpiresAt, isExcess),
    db
      .update(userSessions)
      .set({ revokedAt: moment.now, revokedReason: 'session_limit' })
      .where(isExcess),
    recordEventWhere(db, events.limitReached, sql`changes() > 0`),
    db.select({ id: userSessions.id }).from(userSessions).where(eq(userSessions.id, session.id)),
    selectAccount(db, eq(users.id, session.userId)),
  ])
  const [, , , , revocations, , , [row], [account]] = results
  return { started: row !== undefined, account: account ?? null, revocations }
}

/** Records a login that ends before a session could begin. */
export async function recordLoginFailure(db: Database, event: NewAuditEvent): Promise<void> {
  await runBatch(db, [recordEventWhere(db, event, sql`true`)])
}
