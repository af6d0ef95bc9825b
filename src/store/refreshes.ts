import { eq, sql } from 'drizzle-orm'
import { isRecorded, type NewAuditEvent, recordEventWhere } from './audit-events'
import type { Database } from './database'
import { preparedBatch } from './prepared-batch'
import type { Revocation } from './revocation-markers'
import { recordRevocationWhere } from './revocations'
import { userSessions, users } from './schema'
import { type Client, isLive, type Moment, selectSession } from './sessions'
import { selectAccount } from './users'

export interface Rotation {
  readonly sessionId: string
  readonly userId: string
  /** Of the refresh token presented, and of the one token that may follow it. */
  readonly presentedHash: string
  readonly successorHash: string
  readonly client: Client
  /** How long after a rotation another is not made, and a retry of it is answered. */
  readonly windowMs: number
  readonly reused: NewAuditEvent
  readonly revocation: Revocation
}

export type Refreshed = Awaited<ReturnType<typeof rotateRefreshToken>>

/**
 * Reuse check, rotation and reads of one refresh, in that order and in one transaction. The reuse check
 * stands first, on the state before any rotation, so that a reuse that is seen is always acted on.
 *
 * Answers the state afterwards, whether this call rotated, and `revocations` if it ended the session.
 */
export async function rotateRefreshToken(db: Database, rotation: Rotation, moment: Moment) {
  const { windowMs, ...given } = rotation
  const window = { start: moment.now - windowMs, end: moment.now + windowMs }
  const [, , revocations, rotated, [session], [account]] = await runRefresh(db, {
    rotation: given,
    window,
    moment,
  })
  return {
    session: session ?? null,
    account: account ?? null,
    revocations,
    isRotated: rotated.length > 0,
  }
}

interface Refresh {
  readonly rotation: Omit<Rotation, 'windowMs'>
  /** What was rotated at or before its start may be rotated again. */
  readonly window: { readonly start: number; readonly end: number }
  readonly moment: Moment
}

const runRefresh = preparedBatch((db, refresh: Refresh) => {
  const { rotation, moment } = refresh
  return [
    endReusedSession(db, refresh),
    recordEventWhere(db, rotation.reused, sql`changes() = 1`),
    recordRevocationWhere(db, rotation.revocation, isRecorded(rotation.reused)),
    replaceRefreshToken(db, refresh),
    selectSession(db, rotation.sessionId, moment),
    selectAccount(db, eq(users.id, rotation.userId)),
  ] as const
})

// A token that is not the current one is honest in two cases, both for a client that is known by its
// network or its agent: it was superseded within the window, or the request arrived before the last
// rotation and was overtaken by it. Anything else is reuse.
// `is` and `coalesce`: a column that is null must compare, not make the condition unknown.
function endReusedSession(db: Database, { rotation, window, moment }: Refresh) {
  const { sessionId, presentedHash, client } = rotation
  const { now } = moment
  const rotatedAt = sql`coalesce(rotated_at, 0)`
  return db
    .update(userSessions)
    .set({ revokedAt: now, revokedReason: 'reuse' })
    .where(sql`id = ${sessionId} and ${isLive(moment)}
      and refresh_token_hash <> ${presentedHash}
      and not ((user_agent is ${client.userAgent} or network is ${client.network}) and (
        (previous_refresh_token_hash is ${presentedHash} and ${rotatedAt} > ${window.start})
        or (${rotatedAt} > ${now} and ${rotatedAt} <= ${window.end})))`)
}

// Time never runs backwards in a row: a clock behind the last use does not reopen or shorten a window.
function replaceRefreshToken(db: Database, { rotation, window, moment }: Refresh) {
  const { sessionId, presentedHash, successorHash, client } = rotation
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
      and (rotated_at is null or rotated_at <= ${window.start})`)
    .returning({ id: userSessions.id })
}
