import { type SQL, sql } from 'drizzle-orm'
import { isNewest, isOfNobodyGone, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, runBatch } from './database'
import { type NewMail, queueNotice } from './outbox'
import { loginAttempts } from './schema'
import { jsonListOf, listOf } from './users'

const SEEN_MS = 30 * 24 * 60 * 60 * 1000
/** Why sessions end that may have been another's. */
const NOT_THE_USER = ['reuse', 'password_reset', 'email_verified']
/**
 * Of a session: the user's own, as far as the service knows. A recovery ends every session of anybody else, so that what
 * lives is the user's; what had ended before may have been anybody's.
 */
export const isTheUsers = sql`(user_sessions.revoked_at is null
  or (user_sessions.revoked_reason not in ${NOT_THE_USER}
    and user_sessions.issued_at > (select coalesce(recovered_at, 0) from users where users.id = user_sessions.user_id)))`
const LONGEST_PAUSE_MS = 15 * 60 * 1000

export type CounterKind = 'pair' | 'area' | 'email' | 'network' | 'network_56' | 'network_48'

/**
 * What attempts are counted by: a pair of email and network (or device), the email from a wider network (or from all its
 * devices), an email, a network, and of an IPv6 network the /56 and the /48 around it.
 */
export interface Counter {
  readonly kind: CounterKind
  readonly key: string
  readonly windowMs: number
  /** From so many failures on, a pair has to pause longer and longer, and the others until their window ends. */
  readonly limit: number
  /** From so many on, it has to be somebody and not something that asks; null where that is not asked for. */
  readonly challengeAfter: number | null
  /** Counts, and keeps nobody out. */
  readonly isExempt: boolean
  /** Counted when the attempt has failed and not before, so that a right one writes no more rows. */
  readonly isWide: boolean
}

/** One attempt at a password, before it is known whether it is right. */
export interface Attempt {
  /** The request's own, by which a batch that runs again knows that it has counted. */
  readonly id: string
  readonly emailNormalized: string
  /** Where from, as sessions have it. */
  readonly network: string | null
  readonly counters: readonly Counter[]
  /** Where the cookie of a device came along; null once it is known which counters count. */
  readonly device: KnownDevice | null
  readonly isHuman: boolean
  readonly now: number
}

/** What counts instead for a device that is known: whose cookie is younger than the account's last recovery. */
export interface KnownDevice {
  readonly issuedAt: number
  readonly counters: readonly Counter[]
}

/** The same, as parameters of statements. */
export interface AttemptValues extends Omit<Attempt, 'counters' | 'device'> {
  /** JSON: the counters, those of the device, the keys to take back, and of them those that begin anew. */
  readonly counters: string
  readonly deviceCounters: string
  readonly keys: string
  readonly forgotten: string
  readonly deviceIssuedAt: number | null
  /** What takes the place of `id` when the attempt is taken back. */
  readonly refundedId: string
  readonly seenSince: number
}

export function attemptValues({ counters, device, ...attempt }: Attempt): AttemptValues {
  const keysOf = (some: readonly Counter[]) => JSON.stringify(some.map(({ key }) => key))
  return {
    ...attempt,
    counters: JSON.stringify(counters),
    deviceCounters: JSON.stringify(device?.counters ?? []),
    keys: keysOf(counters.filter(({ isWide }) => !isWide)),
    forgotten: keysOf(counters.filter(({ kind }) => kind === 'pair' || kind === 'email')),
    deviceIssuedAt: device?.issuedAt ?? null,
    refundedId: `refunded ${attempt.id}`,
    seenSince: attempt.now - SEEN_MS,
  }
}

// Of nobody's email no device is known, nor one that was of the account before with this email. The time of a cookie is in
// whole seconds: that of the sign-up itself may seem to be before it.
const isKnownDevice = ({ emailNormalized, deviceIssuedAt }: AttemptValues) =>
  sql`(${deviceIssuedAt} is not null and exists (select 1 from users where email_normalized = ${emailNormalized}
    and max(coalesce(recovered_at, 0), created_at - 1000) < ${deviceIssuedAt}))`

// SQL chooses, in every statement alike: a recovery that lands in between is seen by all of a batch, or by none.
const countersThatCount = (attempt: AttemptValues) =>
  sql`json_each(iif(${isKnownDevice(attempt)}, ${attempt.deviceCounters}, ${attempt.counters}))`

/** When it may be made: the counters that count, and the failures of each, this attempt included. Else why not. */
export type Reservation =
  | (Pick<Counted, 'failures'> & Pick<Attempt, 'counters'>)
  | { readonly blockedUntil: number }
  | { readonly isChallenged: true }

/** An attempt that is being made. */
export interface Counted {
  readonly attempt: Attempt
  readonly failures: ReadonlyMap<CounterKind, number>
}

/**
 * Three statements, which count the attempt as a failure before it is one, so that many at once are no more than
 * many in a row; `readReservation` reads them. What is refused counts nothing: nobody is kept out for longer by
 * somebody who goes on trying.
 *
 * The failures at an email from everywhere keep nobody out who comes from a network where that user has been
 * within 30 days and since the last recovery, as far back as there are sessions.
 */
export function reserveAttempt(db: Database, attempt: AttemptValues, condition: SQL = sql`true`) {
  const counters = countersThatCount(attempt)
  const isAllowed = sql`not ${isRefused(attempt)}`
  return [
    selectRefusal(db, attempt),
    countAttempt(
      db,
      attempt,
      sql`${counters} where not (value ->> 'isWide') and ${isAllowed} and ${condition}`,
    ),
    db
      .select({ key: loginAttempts.key, failures: loginAttempts.failures })
      .from(loginAttempts)
      .where(
        sql`key in (select value ->> 'key' from ${counters}) and last_attempt_id = ${attempt.id}`,
      ),
  ] as const
}

/** A statement that reads until when the attempt is refused: null where it is not, 0 where a challenge would do. */
export function selectRefusal(db: Database, attempt: AttemptValues) {
  return db
    .select({
      blockedUntil: sql<number | null>`(select max(blocked_until) ${refusals(attempt)})`,
      isKnownDevice: sql<number>`${isKnownDevice(attempt)}`,
    })
    .from(sql`(select 1)`)
}

/** Whether the attempt is refused. */
export const isRefused = (attempt: AttemptValues): SQL =>
  sql`exists (select 1 ${refusals(attempt)})`

/** Adds one failure to each of the counters: rows whose `value` is JSON with `key` and `windowMs`. An attempt counts once. */
export function countAttempt(
  db: Database,
  { id, now }: Pick<AttemptValues, 'id' | 'now'>,
  counters: SQL,
) {
  const isOver = sql`${loginAttempts.windowEndsAt} <= ${now}`
  return db
    .insert(loginAttempts)
    .select(
      sql`select value ->> 'key', 1, ${now}, ${id}, ${now} + (value ->> 'windowMs') from ${counters}`,
    )
    .onConflictDoUpdate({
      target: loginAttempts.key,
      set: {
        failures: sql`iif(${isOver}, 1, failures + 1)`,
        windowEndsAt: sql`iif(${isOver}, excluded.window_ends_at, window_ends_at)`,
        lastAttemptedAt: now,
        lastAttemptId: id,
      },
      setWhere: sql`last_attempt_id <> ${id}`,
    })
}

// The counters that refuse the attempt, `blocked_until` when; 0 where a challenge would do.
function refusals(attempt: AttemptValues): SQL {
  const { id, emailNormalized, network, isHuman, now, seenSince } = attempt
  const isKnownNetwork = sql`exists (select 1 from users
    join user_sessions on user_sessions.user_id = users.id
    where users.email_normalized = ${emailNormalized} and user_sessions.network = ${network}
      and user_sessions.last_used_at > ${seenSince} and ${isTheUsers})`
  return sql`from (
    select case
      when counter.value ->> 'isExempt' then 0
      when failures < counter.value ->> 'limit' then 0
      when counter.value ->> 'kind' = 'pair' then last_attempted_at
        + min(1000 << min(failures - (counter.value ->> 'limit'), 10), ${LONGEST_PAUSE_MS})
      when counter.value ->> 'kind' = 'email' and ${isKnownNetwork} then 0
      else window_ends_at end as blocked_until,
      not ${isHuman} and failures >= counter.value ->> 'challengeAfter' as is_challenged
    from ${countersThatCount(attempt)} as counter
    cross join login_attempts on login_attempts.key = counter.value ->> 'key'
    where +window_ends_at > ${now} and last_attempt_id <> ${id})
    where blocked_until > ${now} or is_challenged`
}

interface Refusal {
  readonly blockedUntil: number | null
  readonly isKnownDevice: number
}

type ReservationResults = readonly [
  readonly Refusal[],
  unknown,
  readonly { key: string; failures: number }[],
]

/** What the three statements answered; null where their condition did not hold. */
export function readReservation(
  [[refusal], , counted]: ReservationResults,
  { counters: strangers, device, now }: Attempt,
): Reservation | null {
  const blockedUntil = refusal?.blockedUntil ?? null
  if (blockedUntil !== null) {
    return blockedUntil > now ? { blockedUntil } : { isChallenged: true }
  }
  if (counted.length === 0) return null
  const failures = new Map(counted.map(({ key, failures }) => [key, failures]))
  const counters = refusal?.isKnownDevice && device ? device.counters : strangers
  return {
    counters,
    failures: new Map(counters.map(({ kind, key }) => [kind, failures.get(key) ?? 1])),
  }
}

/** Whether an attempt would be refused, without counting one. */
export async function findRefusal(db: Database, attempt: Attempt) {
  const [refusals] = await runBatch(db, [selectRefusal(db, attemptValues(attempt))])
  return readReservation([refusals, null, []], attempt)
}

/**
 * A statement that takes back what was counted, after one of the events that say that the password was right. The pair
 * begins anew, and so does the email: its failures were not in a row.
 */
export function refundAttempt(
  db: Database,
  { keys, forgotten, refundedId }: AttemptValues,
  ...events: readonly NewAuditEvent[]
) {
  return db
    .update(loginAttempts)
    .set({
      failures: sql`iif(key in ${jsonListOf(forgotten)}, 0, max(failures - 1, 0))`,
      // Not twice where the batch runs again.
      lastAttemptId: refundedId,
    })
    .where(
      sql`key in ${jsonListOf(keys)} and last_attempt_id <> ${refundedId} and (${sql.join(events.map(isNewest), sql` or `)})`,
    )
}

export interface Failure {
  readonly attempt: Attempt
  /** What the audit trail is told of, where this failure is one of those that it has. */
  readonly event: NewAuditEvent | null
  /** What it is told of where a wide counter reaches its limit. */
  readonly wideEvent: NewAuditEvent | null
  /** To the user whom the event is about. */
  readonly notice: Pick<NewMail, 'id' | 'type' | 'expiresAt'> | null
}

/** Counts a failure by the wide counters, and records what is to be known of it. */
export async function recordFailure(
  db: Database,
  { attempt, event, wideEvent, notice }: Failure,
): Promise<void> {
  const { id, counters, now } = attempt
  const wide = sql`json_each(${JSON.stringify(counters.filter(({ isWide }) => isWide))})`
  const hasReached = sql`exists (select 1 from ${wide}
    cross join login_attempts on login_attempts.key = value ->> 'key'
    where last_attempt_id = ${id} and failures = value ->> 'limit')`
  const statements = [
    wideEvent && countAttempt(db, attempt, sql`${wide} where true`),
    wideEvent &&
      recordEventWhere(db, wideEvent, sql`${hasReached} and ${isOfNobodyGone(wideEvent)}`),
    event && recordEventWhere(db, event, isOfNobodyGone(event)),
    event && notice && queueNotice(db, { ...notice, userId: event.subjectId ?? '', now }, event),
  ].filter((statement) => statement !== null)
  const [first, ...others] = statements
  if (first) await runBatch(db, [first, ...others])
}

/** A statement that forgets what was counted: the user has shown in another way that it is them. */
export function forgetAttempts(db: Database, keys: readonly string[], event: NewAuditEvent) {
  return db.delete(loginAttempts).where(sql`key in ${listOf(keys)} and ${isNewest(event)}`)
}
