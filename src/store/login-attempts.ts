import { type SQL, sql } from 'drizzle-orm'
import { isNewest, type NewAuditEvent } from './audit-events'
import { type Database, runBatch } from './database'
import { loginAttempts } from './schema'
import { jsonListOf, listOf } from './users'

const SEEN_MS = 30 * 24 * 60 * 60 * 1000
/** Why sessions end that may have been another's. */
const NOT_THE_USER = ['reuse', 'password_reset', 'email_verified']
const LONGEST_PAUSE_MS = 15 * 60 * 1000

export type CounterKind = 'pair' | 'area' | 'email' | 'network'

/**
 * What attempts are counted by: a pair of email and network (or device), the email from a wider network (or from all its
 * devices), an email, a network.
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
}

/** One attempt at a password, before it is known whether it is right. */
export interface Attempt {
  /** The request's own, by which a batch that runs again knows that it has counted. */
  readonly id: string
  readonly emailNormalized: string
  /** Where from, as sessions have it. */
  readonly network: string | null
  readonly counters: readonly Counter[]
  readonly isHuman: boolean
  readonly now: number
}

/** The same, as parameters of statements. */
export interface AttemptValues extends Omit<Attempt, 'counters'> {
  /** JSON: the counters, the keys of all, and of those that begin anew when the password was right. */
  readonly counters: string
  readonly keys: string
  readonly pairs: string
  /** What takes the place of `id` when the attempt is taken back. */
  readonly refundedId: string
  readonly seenSince: number
}

export function attemptValues({ counters, ...attempt }: Attempt): AttemptValues {
  const keysOf = (some: readonly Counter[]) => JSON.stringify(some.map(({ key }) => key))
  return {
    ...attempt,
    counters: JSON.stringify(counters),
    keys: keysOf(counters),
    pairs: keysOf(counters.filter(({ kind }) => kind === 'pair')),
    refundedId: `refunded ${attempt.id}`,
    seenSince: attempt.now - SEEN_MS,
  }
}

/** `failures`, this attempt included, of each counter, when it may be made; else why not. */
export type Reservation =
  | { readonly failures: ReadonlyMap<CounterKind, number> }
  | { readonly blockedUntil: number }
  | { readonly isChallenged: true }

/**
 * Three statements, which count the attempt as a failure before it is one, so that many at once are no more than
 * many in a row; `readReservation` reads them. What is refused counts nothing: nobody is kept out for longer by
 * somebody who goes on trying.
 *
 * The failures at an email from everywhere keep nobody out who comes from a network where that user has been
 * within 30 days, as far back as there are sessions.
 */
export function reserveAttempt(db: Database, attempt: AttemptValues, condition: SQL = sql`true`) {
  const { id, counters, keys, now } = attempt
  const isAllowed = sql`not ${isRefused(attempt)}`
  const isOver = sql`${loginAttempts.windowEndsAt} <= ${now}`
  return [
    selectRefusal(db, attempt),
    db
      .insert(loginAttempts)
      .select(
        sql`select value ->> 'key', 1, ${now}, ${id}, ${now} + (value ->> 'windowMs')
          from json_each(${counters}) where ${isAllowed} and ${condition}`,
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
      }),
    db
      .select({ key: loginAttempts.key, failures: loginAttempts.failures })
      .from(loginAttempts)
      .where(sql`key in ${jsonListOf(keys)} and last_attempt_id = ${id}`),
  ] as const
}

/** A statement that reads until when the attempt is refused: null where it is not, 0 where a challenge would do. */
export function selectRefusal(db: Database, attempt: AttemptValues) {
  return db
    .select({
      blockedUntil: sql<number | null>`(select max(blocked_until) ${refusals(attempt)})`,
    })
    .from(sql`(select 1)`)
}

/** Whether the attempt is refused. */
export const isRefused = (attempt: AttemptValues): SQL =>
  sql`exists (select 1 ${refusals(attempt)})`

// The counters that refuse the attempt, `blocked_until` when; 0 where a challenge would do.
function refusals(attempt: AttemptValues): SQL {
  const { id, emailNormalized, network, counters, isHuman, now, seenSince } = attempt
  const isKnownNetwork = sql`exists (select 1 from users
    join user_sessions on user_sessions.user_id = users.id
    where users.email_normalized = ${emailNormalized} and user_sessions.network = ${network}
      and user_sessions.last_used_at > ${seenSince}
      and (revoked_reason is null or revoked_reason not in ${NOT_THE_USER}))`
  return sql`from (
    select case
      when counter.value ->> 'isExempt' then 0
      when failures < counter.value ->> 'limit' then 0
      when counter.value ->> 'kind' = 'pair' then last_attempted_at
        + min(1000 << min(failures - (counter.value ->> 'limit'), 10), ${LONGEST_PAUSE_MS})
      when counter.value ->> 'kind' = 'email' and ${isKnownNetwork} then 0
      else window_ends_at end as blocked_until,
      not ${isHuman} and failures >= counter.value ->> 'challengeAfter' as is_challenged
    from json_each(${counters}) as counter
    cross join login_attempts on login_attempts.key = counter.value ->> 'key'
    where +window_ends_at > ${now} and last_attempt_id <> ${id})
    where blocked_until > ${now} or is_challenged`
}

type ReservationResults = readonly [
  readonly { blockedUntil: number | null }[],
  unknown,
  readonly { key: string; failures: number }[],
]

/** What the three statements answered; null where their condition did not hold. */
export function readReservation(
  [[refusal], , counted]: ReservationResults,
  { counters, now }: Attempt,
): Reservation | null {
  const blockedUntil = refusal?.blockedUntil ?? null
  if (blockedUntil !== null) {
    return blockedUntil > now ? { blockedUntil } : { isChallenged: true }
  }
  if (counted.length === 0) return null
  const failures = new Map(counted.map(({ key, failures }) => [key, failures]))
  return { failures: new Map(counters.map(({ kind, key }) => [kind, failures.get(key) ?? 1])) }
}

/** Whether an attempt would be refused, without counting one. */
export async function findRefusal(db: Database, attempt: Attempt) {
  const [[refusal]] = await runBatch(db, [selectRefusal(db, attemptValues(attempt))])
  return readReservation([[{ blockedUntil: refusal?.blockedUntil ?? null }], null, []], attempt)
}

/**
 * A statement that takes back what was counted, after one of the events that say that the password was right. The pair
 * begins anew.
 */
export function refundAttempt(
  db: Database,
  { keys, pairs, refundedId }: AttemptValues,
  ...events: readonly NewAuditEvent[]
) {
  return db
    .update(loginAttempts)
    .set({
      failures: sql`iif(key in ${jsonListOf(pairs)}, 0, max(failures - 1, 0))`,
      // Not twice where the batch runs again.
      lastAttemptId: refundedId,
    })
    .where(
      sql`key in ${jsonListOf(keys)} and last_attempt_id <> ${refundedId} and (${sql.join(events.map(isNewest), sql` or `)})`,
    )
}

/** A statement that forgets what was counted: the user has shown in another way that it is them. */
export function forgetAttempts(db: Database, keys: readonly string[], event: NewAuditEvent) {
  return db.delete(loginAttempts).where(sql`key in ${listOf(keys)} and ${isNewest(event)}`)
}
