import { eq, type SQL, sql } from 'drizzle-orm'
import { isRecorded, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, insertWhere, runBatch } from './database'
import { type Revocation, recordRevocationWhere } from './revocations'
import { type REVOKED_REASONS, userSessions, users } from './schema'
import { selectAccount } from './users'

export type NewSession = typeof userSessions.$inferInsert
export type RevokedReason = (typeof REVOKED_REASONS)[number]

/** From where a session is used, as far as the request tells. */
export interface Client {
  readonly ip: string | null
  /** IPv4 /24 or IPv6 /48: stays the same for one household or office. */
  readonly network: string | null
  readonly userAgent: string | null
}

/** The moment at which liveness is judged, in milliseconds. */
export interface Moment {
  readonly now: number
  /** A session last used at or before this has been idle for too long. */
  readonly idleSince: number
}

/** Live: not revoked, not past its end, not idle for too long, and its user active. */
const isLive = ({ now, idleSince }: Moment): SQL => sql`(
  user_sessions.revoked_at is null
  and user_sessions.expires_at > ${now}
  and user_sessions.last_used_at > ${idleSince}
  and exists (select 1 from users where users.id = user_sessions.user_id and users.is_active = 1))`

export function sessionExists(id: string): SQL {
  return sql`exists (select 1 from user_sessions where id = ${id})`
}

/** A statement that starts the session where the condition holds. */
export function insertSessionWhere(db: Database, session: NewSession, condition: SQL) {
  return insertWhere(db, userSessions, session, condition).onConflictDoNothing()
}

function selectSession(db: Database, id: string, moment: Moment) {
  return db
    .select({
      id: userSessions.id,
      userId: userSessions.userId,
      refreshTokenHash: userSessions.refreshTokenHash,
      issuedAt: userSessions.issuedAt,
      rotatedAt: userSessions.rotatedAt,
      lastUsedAt: userSessions.lastUsedAt,
      expiresAt: userSessions.expiresAt,
      isLive: isLive(moment).mapWith(Boolean).as('is_live'),
    })
    .from(userSessions)
    .where(eq(userSessions.id, id))
}

/** The session and the account of its user, each as of now or null. */
export async function findSession(
  db: Database,
  { sessionId, userId }: { sessionId: string; userId: string },
  moment: Moment,
) {
  const [[session], [account]] = await runBatch(db, [
    selectSession(db, sessionId, moment),
    selectAccount(db, eq(users.id, userId)),
  ])
  return { session: session ?? null, account: account ?? null }
}

export interface Login {
  readonly session: NewSession
  /** The hash that the password was verified against, and the one to store from now on. */
  readonly passwordHash: { readonly verified: string; readonly next: string }
  readonly succeeded: NewAuditEvent
  readonly refused: NewAuditEvent
}

/**
 * Starts the session if, at this moment, the user is active and the password verified is still theirs: a
 * reset or a disable that landed during the derivation wins.
 */
export async function startSession(db: Database, login: Login, now: number) {
  const { session, passwordHash, succeeded, refused } = login
  const started = sessionExists(session.id)
  const results = await runBatch(db, [
    insertSessionWhere(
      db,
      session,
      sql`exists (select 1 from users
        where id = ${session.userId} and is_active = 1 and password_hash = ${passwordHash.verified})`,
    ),
    db
      .update(users)
      .set({ lastLoginAt: now, passwordHash: passwordHash.next })
      .where(
        sql`id = ${session.userId} and password_hash = ${passwordHash.verified} and ${started}`,
      ),
    recordEventWhere(db, succeeded, started),
    recordEventWhere(db, refused, sql`not ${started}`),
    db.select({ id: userSessions.id }).from(userSessions).where(eq(userSessions.id, session.id)),
    selectAccount(db, eq(users.id, session.userId)),
  ])
  return { started: results[4].length > 0, account: results[5][0] ?? null }
}

/** Records a login that ends before a session could begin. */
export async function recordLoginFailure(db: Database, event: NewAuditEvent): Promise<void> {
  await runBatch(db, [recordEventWhere(db, event, sql`true`)])
}

export interface SessionEnd {
  readonly sessionId: string
  readonly reason: RevokedReason
  readonly event: NewAuditEvent
  readonly revocation: Revocation
}

/** Ends the session unless it has ended. Answers what KV is to be told, if it was this call that ended it. */
export async function endSession(
  db: Database,
  { sessionId, reason, event, revocation }: SessionEnd,
  now: number,
): Promise<readonly Revocation[]> {
  const [, , revocations] = await runBatch(db, [
    db
      .update(userSessions)
      .set({ revokedAt: now, revokedReason: reason })
      .where(sql`id = ${sessionId} and revoked_at is null`),
    recordEventWhere(db, event, sql`changes() = 1`),
    recordRevocationWhere(db, revocation, isRecorded(event)),
  ])
  return revocations
}

export interface Rotation {
  readonly sessionId: string
  readonly userId: string
  /** Of the refresh token presented, and of the one token that may follow it. */
  readonly presentedHash: string
  readonly successorHash: string
  readonly client: Client
  /** A rotation after this moment is recent: a retry of it is answered, another is not made. */
  readonly windowStart: number
  readonly reused: NewAuditEvent
  readonly revocation: Revocation
}

/**
 * Reuse check, rotation and reads of one refresh, in that order and in one transaction. The reuse check
 * stands first, on the state before any rotation, so that a reuse that is seen is always acted on.
 *
 * Answers the state afterwards, and `revocations` if a reuse ended the session just now.
 */
export async function rotateRefreshToken(db: Database, rotation: Rotation, moment: Moment) {
  const [, , revocations, rotated, [session], [account]] = await runBatch(db, [
    endReusedSession(db, rotation, moment),
    recordEventWhere(db, rotation.reused, sql`changes() = 1`),
    recordRevocationWhere(db, rotation.revocation, isRecorded(rotation.reused)),
    replaceRefreshToken(db, rotation, moment),
    selectSession(db, rotation.sessionId, moment),
    selectAccount(db, eq(users.id, rotation.userId)),
  ])
  return {
    session: session ?? null,
    account: account ?? null,
    revocations,
    rotated: rotated.length > 0,
  }
}

// A token that is neither current nor, inside the window and from the same client, the previous one.
// `is` rather than `=`: a column that is null must compare, not make the condition unknown.
function endReusedSession(db: Database, rotation: Rotation, moment: Moment) {
  const { sessionId, presentedHash, client, windowStart } = rotation
  return db
    .update(userSessions)
    .set({ revokedAt: moment.now, revokedReason: 'reuse' })
    .where(sql`id = ${sessionId} and ${isLive(moment)}
      and refresh_token_hash <> ${presentedHash}
      and not (previous_refresh_token_hash is ${presentedHash}
        and rotated_at > ${windowStart}
        and (user_agent is ${client.userAgent} or network is ${client.network}))`)
}

// Time never runs backwards in a row: a clock behind the last use does not reopen or shorten a window.
function replaceRefreshToken(db: Database, rotation: Rotation, moment: Moment) {
  const { sessionId, presentedHash, successorHash, client, windowStart } = rotation
  const rotatedAt = sql`max(${moment.now}, last_used_at)`
  return db
    .update(userSessions)
    .set({
      refreshTokenHash: successorHash,
      previousRefreshTokenHash: presentedHash,
      rotatedAt,
      lastUsedAt: rotatedAt,
      ...client,
    })
    .where(sql`id = ${sessionId} and ${isLive(moment)}
      and refresh_token_hash = ${presentedHash}
      and (rotated_at is null or rotated_at <= ${windowStart})`)
    .returning({ id: userSessions.id })
}
