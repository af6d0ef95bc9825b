import { eq, sql } from 'drizzle-orm'
import { type NewAuditEvent, recordEventWhere } from './audit-events'
import type { Database } from './database'
import {
  type Attempt,
  type AttemptValues,
  attemptValues,
  readReservation,
  refundAttempt,
  reserveAttempt,
} from './login-attempts'
import { type NewMail, queueMailWhere } from './outbox'
import { preparedBatch } from './prepared-batch'
import { recordSessionRevocationsWhere } from './revocations'
import { userSessions, users } from './schema'
import { endReplacedSession, type ReplacedSession } from './session-ends'
import { insertSessionWhere, isLive, type Moment, type NewSession, sessionExists } from './sessions'
import { selectAccount, selectCredential } from './users'

const LIVE_SESSIONS_LIMIT = 50

export interface Login {
  readonly session: NewSession
  /** The hash that the password was verified against, and the one to store from now on. */
  readonly passwordHash: { readonly verified: string; readonly next: string }
  readonly attempt: Attempt
  readonly events: {
    readonly succeeded: NewAuditEvent
    readonly refused: NewAuditEvent
    readonly unverified: NewAuditEvent
    readonly limitReached: NewAuditEvent
  }
  /** Whether an address that nobody has verified is let in. */
  readonly mustBeVerified: boolean
  /** Where the session is from somewhere that the user has not been seen lately. */
  readonly notice: Pick<NewMail, 'id' | 'type' | 'expiresAt'>
  /** When what is revoked by this login may be forgotten. */
  readonly revocationExpiresAt: number
}

/** A login in a browser that has a session already, which ends with it. */
export type ReplacingLogin = Login & { readonly replaced: ReplacedSession | null }

const runReservation = preparedBatch(
  (db, attempt: AttemptValues) =>
    [...reserveAttempt(db, attempt), selectCredential(db, attempt.emailNormalized)] as const,
)

/** Counts the attempt, and reads what it is to be verified against. */
export async function reserveLogin(db: Database, attempt: Attempt) {
  const values = attemptValues(attempt)
  const [refusals, reserved, counted, [credential]] = await runReservation(db, values)
  const reservation = readReservation([refusals, reserved, counted], attempt)
  if (!reservation) throw new Error('an attempt was neither counted nor refused')
  return { reservation, credential: credential ?? null }
}

/**
 * Starts the session if, at this moment, the user is active and the password verified is still theirs: a
 * reset or a disable that landed during the derivation wins. With more than 50 live sessions the oldest
 * ends in the same batch, and never the new one, whatever the clocks of the others. `isNoticed` says that the
 * user is told by mail.
 */
export async function startSession(
  db: Database,
  { replaced, ...login }: ReplacingLogin,
  moment: Moment,
) {
  const start = { ...login, attempt: attemptValues(login.attempt), moment }
  const replacing = replaced && (await runReplacingStart(db, { ...start, replaced }))
  const results = replacing ?? (await runStart(db, start))
  const [, notice, , , , , , excess, , , [row], [account]] = results
  const revocations = replacing ? [...excess, ...replacing[14]] : excess
  const verdict = { started: row !== undefined, isNoticed: notice.meta.changes > 0 }
  return { ...verdict, account: account ?? null, revocations }
}

interface Start extends Omit<Login, 'attempt'> {
  readonly attempt: AttemptValues
  readonly moment: Moment
}

const runStart = preparedBatch(startStatements)

const runReplacingStart = preparedBatch(
  (db, start: Start & { readonly replaced: ReplacedSession }) => {
    const { session, replaced, moment } = start
    const started = sessionExists(session.id)
    return [
      ...startStatements(db, start),
      ...endReplacedSession(db, replaced, started, moment.now),
    ] as const
  },
)

function startStatements(db: Database, start: Start) {
  const { session, passwordHash, events, mustBeVerified, attempt, moment } = start
  const { revocationExpiresAt } = start
  const started = sessionExists(session.id)
  const isExcess = sql`${started} and user_sessions.user_id = ${session.userId} and user_sessions.id in (
    select id from user_sessions where user_id = ${session.userId} and ${isLive(moment)}
    order by id = ${session.id} desc, issued_at desc, id desc limit -1 offset ${LIVE_SESSIONS_LIMIT})`
  return [
    insertSessionWhere(
      db,
      session,
      sql`exists (select 1 from users
        where id = ${session.userId} and is_active = 1 and password_hash = ${passwordHash.verified}
          and (${mustBeVerified} = 0 or email_verified_at is not null))`,
    ),
    queueNewDeviceNotice(db, start),
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
    recordEventWhere(
      db,
      events.unverified,
      sql`${mustBeVerified} = 1 and exists (select 1 from users
        where id = ${session.userId} and is_active = 1 and email_verified_at is null)`,
    ),
    refundAttempt(db, attempt, events.succeeded, events.refused, events.unverified),
    recordSessionRevocationsWhere(db, revocationExpiresAt, isExcess),
    db
      .update(userSessions)
      .set({ revokedAt: moment.now, revokedReason: 'session_limit' })
      .where(isExcess),
    recordEventWhere(db, events.limitReached, sql`changes() > 0`),
    // A batch that runs again may find it ended by somebody since.
    selectLive(db, session.id, moment),
    selectAccount(db, eq(users.id, session.userId)),
  ] as const
}

function selectLive(db: Database, sessionId: string, moment: Moment) {
  return db
    .select({ id: userSessions.id })
    .from(userSessions)
    .where(sql`id = ${sessionId} and ${isLive(moment)}`)
}

// Seen is what a session of the last 30 days was begun from or last refreshed from. The first session of all
// is new to nobody.
function queueNewDeviceNotice(db: Database, { session, notice, attempt, moment }: Start) {
  const { id, userId, network, userAgent } = session
  const isKnown = sql`exists (select 1 from user_sessions where user_id = ${userId} and id <> ${id}
    and last_used_at > ${attempt.seenSince} and network is ${network} and user_agent is ${userAgent})`
  return queueMailWhere(
    db,
    {
      ...notice,
      userId,
      email: sql`(select email from users where id = ${userId})`,
      oneTimeTokenId: null,
      now: moment.now,
    },
    sql`changes() = 1 and not ${isKnown}
      and (exists (select 1 from user_sessions where user_id = ${userId} and id <> ${id})
        or exists (select 1 from users where id = ${userId} and last_login_at is not null))`,
  )
}
