import { type SQL, sql } from 'drizzle-orm'
import { endApiKeysOf } from './api-keys'
import { isRecorded, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, runBatch } from './database'
import { endTokensOf } from './one-time-tokens'
import { isGoodRefreshToken, type PresentedRefreshToken } from './refreshes'
import type { Revocation } from './revocation-markers'
import { raiseEpoch, recordRevocationWhere } from './revocations'
import { userSessions } from './schema'
import {
  type Caller,
  callerLives,
  isLive,
  isUnended,
  type Moment,
  type RevokedReason,
  selectCaller,
} from './sessions'

/** The end of one session; `revocation` is what KV is to be told of it. */
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
    revokeWhere(db, sql`id = ${sessionId} and revoked_at is null`, reason, now),
    recordEventWhere(db, event, sql`changes() = 1`),
    recordRevocationWhere(db, revocation, isRecorded(event)),
  ])
  return revocations
}

/** Ends a live session of the caller's user. `caller` is the session that asked, as it was before. */
export async function endSessionOfUser(
  db: Database,
  caller: Caller,
  { sessionId, reason, event, revocation }: SessionEnd,
  moment: Moment,
) {
  const isTheirs = sql`id = ${sessionId} and user_id = ${caller.userId} and ${isLive(moment)}`
  const [[before], , , revocations] = await runBatch(db, [
    selectCaller(db, caller, moment),
    revokeWhere(db, sql`${isTheirs} and ${callerLives(caller, moment)}`, reason, moment.now),
    recordEventWhere(db, event, sql`changes() = 1`),
    recordRevocationWhere(db, revocation, isRecorded(event)),
  ])
  return { caller: before ?? null, revocations }
}

export interface SessionsEnd {
  /** Where something else than an access token was presented. */
  readonly by?: {
    readonly hasAccessToken: boolean
    readonly refreshToken: PresentedRefreshToken | null
  }
  /** The one session to spare. */
  readonly keep: string | null
  readonly keepsApiKeys: boolean
  readonly reason: RevokedReason
  readonly event: NewAuditEvent
  readonly revocationExpiresAt: number
}

/**
 * Ends every session of the caller's user but `keep`, and outdates every token issued so far, also where
 * there is no other session: there may be tokens without one. API keys end too, unless they are kept. `isLeft` says whether
 * there is a session afterwards that should not be.
 */
export async function endSessionsOfUser(
  db: Database,
  caller: Caller,
  { by, keep, keepsApiKeys, reason, event, revocationExpiresAt }: SessionsEnd,
  moment: Moment,
) {
  const others = sql`user_id = ${caller.userId} and id is not ${keep} and ${isUnended(moment)}`
  const isAllowed = speaksForUser(caller, by, moment)
  const [[before], , , , revocations, , left] = await runBatch(db, [
    selectCaller(db, caller, moment),
    revokeWhere(db, sql`${others} and ${isAllowed}`, reason, moment.now),
    // A caller that is not kept has just ended too.
    recordEventWhere(db, event, sql`changes() > 0 or ${isAllowed}`),
    ...raiseEpoch(db, { userId: caller.userId, keep, expiresAt: revocationExpiresAt, event }),
    // Who was in one of them may have asked for one.
    endTokensOf(db, caller.userId, event),
    db.select({ id: userSessions.id }).from(userSessions).where(others).limit(1),
    ...(keepsApiKeys ? [] : [endApiKeysOf(db, caller.userId, event)]),
  ])
  return { caller: before ?? null, revocations, isLeft: left.length > 0 }
}

// A refresh token that was superseded and an access token that has expired speak for their own session alone.
function speaksForUser(caller: Caller, by: SessionsEnd['by'], moment: Moment): SQL {
  const byAccess = by?.hasAccessToken === false ? sql`false` : callerLives(caller, moment)
  if (!by?.refreshToken) return byAccess
  const byRefresh = isGoodRefreshToken(caller.sessionId, by.refreshToken, moment)
  return sql`(${byAccess} or ${byRefresh})`
}

export interface ReplacedSession {
  readonly sessionId: string
  /** Of the refresh token that came; a superseded one ends nothing. */
  readonly refreshTokenHash: string
  readonly event: NewAuditEvent
  readonly revocation: Revocation
}

/**
 * Three statements for the batch in which a browser's next session begins: they end the one that it had (ASVS 7.2.4),
 * where `started` holds. The last answers what KV is to be told.
 */
export function endReplacedSession(
  db: Database,
  { sessionId, refreshTokenHash, event, revocation }: ReplacedSession,
  started: SQL,
  now: number,
) {
  const isTheirs = sql`id = ${sessionId} and refresh_token_hash = ${refreshTokenHash}`
  return [
    revokeWhere(db, sql`${isTheirs} and revoked_at is null and ${started}`, 'logout', now),
    recordEventWhere(db, event, sql`changes() = 1`),
    recordRevocationWhere(db, revocation, isRecorded(event)),
  ] as const
}

function revokeWhere(db: Database, condition: SQL, reason: RevokedReason, now: number) {
  return db.update(userSessions).set({ revokedAt: now, revokedReason: reason }).where(condition)
}
