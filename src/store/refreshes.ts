import { eq, type SQL, sql } from 'drizzle-orm'
import { isNewest, isRecorded, type NewAuditEvent, recordEventWhere } from './audit-events'
import type { Database } from './database'
import { mustAuthenticate, noteNetworkWhere, placeOf } from './other-networks'
import { type NewMail, queueNotice } from './outbox'
import { preparedBatch } from './prepared-batch'
import type { Revocation } from './revocation-markers'
import { recordRevocationWhere } from './revocations'
import { userSessions, users } from './schema'
import { type Client, isLive, type Moment, selectSession } from './sessions'
import { jsonListOf, selectAccount } from './users'

export interface Rotation {
  readonly sessionId: string
  readonly userId: string
  /** Of the refresh token presented, and of the one token that may follow it. */
  readonly presentedHash: string
  readonly successorHash: string
  /** JSON: of what may follow it under any of our secrets. */
  readonly successorHashes: string
  readonly client: Client
  /** How long after a rotation another is not made, and a retry of it is answered. */
  readonly windowMs: number
  /** The request's own, by which a batch that runs again recognises its rotation. */
  readonly nonce: string
  readonly reused: NewAuditEvent
  /** An answer to another network, or, where there were too many, the refusal of one. */
  readonly elsewhere: NewAuditEvent
  readonly notice: Pick<NewMail, 'id' | 'type' | 'expiresAt'>
  readonly revocation: Revocation
}

export type Refreshed = Awaited<ReturnType<typeof rotateRefreshToken>>

/**
 * Reuse check, rotation, note of the network and reads of one refresh, in that order and in one transaction. The reuse
 * check stands first, on the state before any rotation, so that a reuse that is seen is always acted on.
 *
 * Answers the state afterwards, whether this request rotated, and `revocations` if it ended the session.
 */
export async function rotateRefreshToken(db: Database, rotation: Rotation, moment: Moment) {
  const { windowMs, ...given } = rotation
  const [, , revocations, , , , , [session], [account]] = await runRefresh(db, {
    rotation: given,
    window: windowAround(moment, windowMs),
    place: placeOf(given.client, moment.now),
    moment,
  })
  return {
    session: session ?? null,
    account: account ?? null,
    revocations,
    isRotated: session?.rotatedBy === given.nonce,
  }
}

/** What was rotated at or before its start may be rotated again; what was rotated after its end is no retry either. */
export interface Window {
  readonly start: number
  readonly end: number
}

export function windowAround(moment: Moment, windowMs: number): Window {
  return { start: moment.now - windowMs, end: moment.now + windowMs }
}

interface Refresh {
  readonly rotation: Omit<Rotation, 'windowMs'>
  readonly window: Window
  readonly place: ReturnType<typeof placeOf>
  readonly moment: Moment
}

const runRefresh = preparedBatch((db, refresh: Refresh) => {
  const { rotation, moment } = refresh
  const { sessionId, userId, reused } = rotation
  return [
    endReusedSession(db, refresh),
    recordEventWhere(db, rotation.reused, sql`changes() = 1`),
    recordRevocationWhere(db, rotation.revocation, isRecorded(reused)),
    queueNotice(db, { ...rotation.notice, userId, now: moment.now }, reused),
    replaceRefreshToken(db, refresh),
    noteNetwork(db, refresh),
    recordElsewhere(db, refresh),
    selectSession(db, sessionId, moment),
    selectAccount(db, eq(users.id, userId)),
  ] as const
})

const isIn = (time: SQL, { start, end }: Window) =>
  sql`(coalesce(${time}, 0) > ${start} and coalesce(${time}, 0) <= ${end})`

/** Whether the client shares its agent or its network with the client that rotated last. `is`: a column that is null must compare. */
const isKnown = (client: Pick<Client, 'userAgent' | 'network'>) =>
  sql`(user_agent is ${client.userAgent} or network is ${client.network})`

/** Whether the session was authenticated again just now: older tokens of it are superseded, and no reuse yet. */
const isSupersedingAll = (window: Window) => isIn(sql`authenticated_at`, window)

// A token that is not the current one is honest where this very request has rotated it, and, for a client that is
// known by its network or its agent, in three cases: it was superseded within the window; the request arrived before the
// last rotation and was overtaken by it, with a token that had been superseded within the window by then; or the session
// was authenticated again within the window. Anything else is reuse, and so it is while clocks are further apart.
function endReusedSession(db: Database, { rotation, window, moment }: Refresh) {
  const { sessionId, presentedHash, successorHashes, client } = rotation
  const { now } = moment
  const rotatedAt = sql`coalesce(rotated_at, 0)`
  return db
    .update(userSessions)
    .set({ revokedAt: now, revokedReason: 'reuse' })
    .where(sql`id = ${sessionId} and ${isLive(moment)} and not ${mustAuthenticate}
      and refresh_token_hash <> ${presentedHash}
      and rotated_by is not ${rotation.nonce}
      and not (${isKnown(client)} and (
        (previous_refresh_token_hash is ${presentedHash} and ${isIn(sql`rotated_at`, window)})
        or (previous_refresh_token_hash in ${jsonListOf(successorHashes)}
          and ${rotatedAt} > ${now} and ${rotatedAt} <= ${window.end}
          and coalesce(previous_issued_at, 0) > ${window.start})
        or ${isSupersedingAll(window)}))`)
}

// Time never runs backwards in a row: a clock behind the last use does not reopen or shorten a window.
const rotationTime = ({ now }: Moment) => sql`max(${now}, last_used_at)`

function replaceRefreshToken(db: Database, { rotation, window, moment }: Refresh) {
  const { sessionId, presentedHash, successorHash, nonce, client } = rotation
  const rotatedAt = rotationTime(moment)
  return db
    .update(userSessions)
    .set({
      refreshTokenHash: successorHash,
      previousRefreshTokenHash: presentedHash,
      previousIssuedAt: sql`coalesce(rotated_at, issued_at)`,
      rotatedAt,
      rotatedBy: nonce,
      lastUsedAt: rotatedAt,
      ...client,
    })
    .where(sql`id = ${sessionId} and ${isLive(moment)} and not ${mustAuthenticate}
      and refresh_token_hash = ${presentedHash}
      and (rotated_at is null or rotated_at <= ${window.start})`)
}

// Whoever rotates is of the session's network; the rest of what is left by now is answered, but what was superseded by
// a fresh authentication.
function noteNetwork(db: Database, { rotation, window, place, moment }: Refresh) {
  const { sessionId, presentedHash } = rotation
  return noteNetworkWhere(
    db,
    place,
    sql`id = ${sessionId} and ${isLive(moment)}
      and (refresh_token_hash = ${presentedHash} or not ${isSupersedingAll(window)})`,
  )
}

function recordElsewhere(db: Database, { rotation: { sessionId, elsewhere } }: Refresh) {
  const verdict = (refused: string, answered: string) => sql`(
    select iif(${mustAuthenticate}, ${refused}, ${answered}) from user_sessions where id = ${sessionId})`
  const event = {
    ...elsewhere,
    type: verdict('fresh_authentication_required', 'refreshed_from_elsewhere'),
    outcome: verdict('failure', 'success'),
  }
  return recordEventWhere(db, event, sql`changes() = 1`)
}

export interface FreshAuthentication {
  readonly sessionId: string
  /** Of a refresh token that does not follow from any before it. */
  readonly refreshTokenHash: string
  readonly client: Client
}

/**
 * A statement that gives a session new tokens and leaves the copies of its old ones behind, directly after the events of
 * the batch: the next refresh token is random, older access tokens are below the session's least epoch.
 */
export function renewSession(
  db: Database,
  { sessionId, refreshTokenHash, client }: FreshAuthentication,
  event: NewAuditEvent,
  moment: Moment,
) {
  const rotatedAt = rotationTime(moment)
  return (
    db
      .update(userSessions)
      .set({
        refreshTokenHash,
        previousRefreshTokenHash: sql`refresh_token_hash`,
        previousIssuedAt: sql`coalesce(rotated_at, issued_at)`,
        rotatedAt,
        rotatedBy: event.id,
        lastUsedAt: rotatedAt,
        authenticatedAt: rotatedAt,
        leastEpoch: sql`(select auth_epoch from users where users.id = user_sessions.user_id)`,
        otherNetworks: null,
        ...client,
      })
      // Not where the batch runs again: a rotation is not its own predecessor.
      .where(sql`id = ${sessionId} and refresh_token_hash <> ${refreshTokenHash}
      and ${isNewest(event)}`)
  )
}

/** A refresh token as it was presented, for what it may speak for. */
export interface PresentedRefreshToken {
  readonly hash: string
  readonly client: Client
  readonly windowMs: number
}

/** Whether a live session's refresh token is the current one, or was until just now for a client that is known. */
export function isGoodRefreshToken(
  sessionId: string,
  { hash, client, windowMs }: PresentedRefreshToken,
  moment: Moment,
): SQL {
  return sql`exists (select 1 from user_sessions where id = ${sessionId} and ${isLive(moment)}
    and (refresh_token_hash = ${hash} or (${isKnown(client)} and previous_refresh_token_hash = ${hash}
      and not ${isSupersedingAll(windowAround(moment, windowMs))}
      and ${isIn(sql`rotated_at`, windowAround(moment, windowMs))})))`
}
