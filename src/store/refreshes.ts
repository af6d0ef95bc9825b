import { eq, sql } from 'drizzle-orm'
import { isRecorded, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, runBatch } from './database'
import { type Revocation, recordRevocationWhere } from './revocations'
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
