import { and, desc, eq, type SQL, sql } from 'drizzle-orm'
import { type Database, insertWhere, runBatch } from './database'
import { mustAuthenticate, OTHER_NETWORKS } from './other-networks'
import { preparedBatch } from './prepared-batch'
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

/** Not revoked, not past its end, and not idle for too long. */
export const isUnended = ({ now, idleSince }: Moment): SQL => sql`(
  user_sessions.revoked_at is null
  and user_sessions.expires_at > ${now}
  and user_sessions.last_used_at > ${idleSince})`

/** Who asks: a session, which must be live for anything to happen. */
export interface Caller {
  readonly sessionId: string
  readonly userId: string
  /** Of the access token that was presented; null where it was none. */
  readonly epoch: number | null
}

/** Live: not ended, and its user active. */
export const isLive = (moment: Moment): SQL => sql`(${isUnended(moment)}
  and exists (select 1 from users where users.id = user_sessions.user_id and users.is_active = 1))`

/**
 * Whether the caller's session is live and their token no copy from before its last authentication. In a subquery of its own:
 * the condition around it may be about other rows of the same table.
 */
export function callerLives(caller: Pick<Caller, 'sessionId' | 'epoch'>, moment: Moment): SQL {
  return sql`exists (select 1 from user_sessions
    where id = ${caller.sessionId} and ${isLiveFor(caller, moment)})`
}

function isLiveFor({ epoch }: Pick<Caller, 'epoch'>, moment: Moment): SQL {
  return sql`(${isLive(moment)} and least_epoch <= coalesce(${epoch}, least_epoch))`
}

export function sessionExists(id: string): SQL {
  return sql`exists (select 1 from user_sessions where id = ${id})`
}

export type Session = Awaited<ReturnType<typeof selectSession>>[number]

/** A statement that starts the session where the condition holds. */
export function insertSessionWhere(db: Database, session: NewSession, condition: SQL) {
  return insertWhere(db, userSessions, session, condition).onConflictDoNothing()
}

/** A statement that reads the session, live or not. */
export function selectSession(db: Database, id: string, moment: Moment) {
  return db
    .select({
      id: userSessions.id,
      userId: userSessions.userId,
      refreshTokenHash: userSessions.refreshTokenHash,
      issuedAt: userSessions.issuedAt,
      rotatedAt: userSessions.rotatedAt,
      lastUsedAt: userSessions.lastUsedAt,
      expiresAt: userSessions.expiresAt,
      authenticatedAt: userSessions.authenticatedAt,
      rotatedBy: userSessions.rotatedBy,
      isLive: isLive(moment).mapWith(Boolean).as('is_live'),
      mustAuthenticate: mustAuthenticate.mapWith(Boolean).as('must_authenticate'),
    })
    .from(userSessions)
    .where(eq(userSessions.id, id))
}

/** A statement that reads the session of the caller, and whether it is live for the token that they presented. */
export function selectCaller(db: Database, caller: Caller, moment: Moment) {
  return db
    .select({
      lastUsedAt: userSessions.lastUsedAt,
      isLive: isLiveFor(caller, moment).mapWith(Boolean).as('is_live'),
    })
    .from(userSessions)
    .where(eq(userSessions.id, caller.sessionId))
}

interface CallerRead {
  readonly caller: Caller
  readonly moment: Moment
}

const readCaller = preparedBatch(
  (db, { caller, moment }: CallerRead) =>
    [selectCaller(db, caller, moment), selectAccount(db, eq(users.id, caller.userId))] as const,
)

/** The caller's session and account, each as of now or null. */
export async function findCaller(db: Database, caller: Caller, moment: Moment) {
  const [[session], [account]] = await readCaller(db, { caller, moment })
  return { session: session ?? null, account: account ?? null }
}

/** A statement that reads the live sessions of a user, the last used first. */
export function selectLiveSessions(db: Database, userId: string, moment: Moment) {
  return db
    .select({
      id: userSessions.id,
      issuedAt: userSessions.issuedAt,
      lastUsedAt: userSessions.lastUsedAt,
      expiresAt: userSessions.expiresAt,
      ip: userSessions.ip,
      userAgent: userSessions.userAgent,
      otherNetworks: OTHER_NETWORKS,
    })
    .from(userSessions)
    .where(and(eq(userSessions.userId, userId), isLive(moment)))
    .orderBy(desc(userSessions.lastUsedAt), desc(userSessions.id))
}

/** The live sessions of the user, the last used first, and the session that asks. */
export async function findLiveSessions(db: Database, caller: Caller, moment: Moment) {
  const [[session], sessions] = await runBatch(db, [
    selectCaller(db, caller, moment),
    selectLiveSessions(db, caller.userId, moment),
  ])
  return { session: session ?? null, sessions }
}

/** Moves the last use to now, unless it was moved after `notAfter`: a session is written once a minute. */
export async function touchSession(
  db: Database,
  sessionId: string,
  notAfter: number,
  moment: Moment,
): Promise<void> {
  await runBatch(db, [
    db
      .update(userSessions)
      .set({ lastUsedAt: moment.now })
      .where(sql`id = ${sessionId} and last_used_at <= ${notAfter} and ${isLive(moment)}`),
  ])
}
