import { type SQL, sql } from 'drizzle-orm'
import { isNewest, type NewAuditEvent } from './audit-events'
import { type Database, insertWhere } from './database'
import { mailLimits, outbox } from './mail-schema'

const WINDOW_MS = 24 * 60 * 60 * 1000

/** How many mails of a kind an address is sent in a day, and when it is sent one more after these. */
export interface MailLimit {
  /** A keyed hash of the kind and the address. */
  readonly key: string
  readonly mails: number
  /** So long after the last one. */
  readonly thenEveryMs: number
}

/** A mail that is about to be sent for the first time, and its limit. */
export interface LimitedMail extends MailLimit {
  readonly id: string
}

const isOver = (now: number): SQL => sql`${mailLimits.windowEndsAt} <= ${now}`

/** Whether one more mail may go, and none went within the pause. */
export function isWithinLimit(
  { key, mails, thenEveryMs }: MailLimit,
  { pauseMs, now }: { pauseMs: number; now: number },
): SQL {
  return sql`not exists (select 1 from mail_limits where key = ${key}
    and (last_mailed_at > ${now - pauseMs} or (window_ends_at > ${now} and mails >= ${mails}
      and last_mailed_at > ${now - thenEveryMs})))`
}

/**
 * A statement that counts the mail of the event that was just recorded. It changes one row, and none when the batch runs
 * again.
 */
export function countMail(
  db: Database,
  { key }: MailLimit,
  { mailId, now }: { mailId: string; now: number },
  event: NewAuditEvent,
) {
  const windowEndsAt = now + WINDOW_MS
  const row = { key, mails: 1, lastMailedAt: now, lastMailId: mailId, windowEndsAt }
  return insertWhere(db, mailLimits, row, isNewest(event)).onConflictDoUpdate(counted(now))
}

/**
 * Two statements, directly after the claim of these mails until `claimedUntil`: deletes, and answers, those that are
 * beyond their limit, and counts the others. A batch that runs again claims nothing, deletes nothing and counts
 * nothing. A mail that is tried again is not counted again.
 */
export function limitClaimed(
  db: Database,
  limited: readonly LimitedMail[],
  { claimedUntil, now }: { claimedUntil: number; now: number },
) {
  const claimed = sql`from json_each(${JSON.stringify(limited)})
    cross join outbox on outbox.id = value ->> 'id'`
  const isFirst = sql`outbox.attempts = 1 and outbox.next_attempt_at = ${claimedUntil}`
  return [
    db
      .delete(outbox)
      .where(
        sql`changes() > 0 and id in (select id from (
          select outbox.id, value ->> 'mails' as most, value ->> 'thenEveryMs' as then_every_ms,
            coalesce(mail_limits.mails, 0) as mails, mail_limits.last_mailed_at,
            row_number() over (partition by value ->> 'key' order by outbox.seq) as place
          ${claimed} left join mail_limits
            on mail_limits.key = value ->> 'key' and mail_limits.window_ends_at > ${now}
          where ${isFirst})
          where mails + place > most and (place > 1 or last_mailed_at > ${now} - then_every_ms))`,
      )
      .returning({ id: outbox.id, type: outbox.type, userId: outbox.userId }),
    db
      .insert(mailLimits)
      .select(
        sql`select value ->> 'key', count(*), ${now}, max(outbox.id), ${now + WINDOW_MS}
          ${claimed} where ${isFirst} group by value ->> 'key'`,
      )
      .onConflictDoUpdate(counted(now)),
  ] as const
}

/** Adds to what was counted in the window, or begins another one. */
function counted(now: number) {
  return {
    target: mailLimits.key,
    set: {
      mails: sql`iif(${isOver(now)}, 0, ${mailLimits.mails}) + excluded.mails`,
      lastMailedAt: sql`excluded.last_mailed_at`,
      lastMailId: sql`excluded.last_mail_id`,
      windowEndsAt: sql`iif(${isOver(now)}, excluded.window_ends_at, ${mailLimits.windowEndsAt})`,
    },
    setWhere: sql`${mailLimits.lastMailId} <> excluded.last_mail_id`,
  }
}
