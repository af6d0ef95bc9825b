import { sql } from 'drizzle-orm'
import { isNewest, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, insertWhere, runBatch } from './database'
import { type Attempt, attemptValues, isRefused, selectRefusal } from './login-attempts'
import { countMail, isWithinLimit, type MailLimit } from './mail-limits'
import { mailRequests } from './mail-schema'
import type { TokenMail } from './one-time-tokens'
import { queueMailWhere } from './outbox'
import { oneTimeTokens } from './schema'
import { listOf } from './users'

/** One mail a minute. */
const PAUSE_MS = 60 * 1000
/** A link that is good for less than this is not mailed again: another one is. */
const LEAST_LIFE_MS = 10 * 60 * 1000
const MOST_OF_NOBODY = 1000

export type AskedPurpose = typeof mailRequests.$inferSelect.purpose

export interface MailRequest {
  /** A keyed hash of purpose and email. */
  readonly key: string
  readonly purpose: AskedPurpose
  /** A nonce, by which a batch that runs again knows its own request. */
  readonly requestId: string
  readonly emailNormalized: string
  readonly now: number
}

/**
 * Writes down that somebody asked for a link: the same statements and the same rows, whether there is such an account
 * or not. `settleMailRequest` does the rest after the answer.
 *
 * @param attempt who asks, where a challenge is asked of those whose logins have failed; null else
 * @returns whether that challenge is asked for: then nothing is written
 */
export async function recordMailRequest(
  db: Database,
  { emailNormalized, now, ...request }: MailRequest,
  attempt: Attempt | null,
): Promise<{ isChallenged: boolean }> {
  const asked = attempt && !attempt.isHuman ? attemptValues(attempt) : null
  const userId = sql`(select id from users where email_normalized = ${emailNormalized})`
  const row = { ...request, userId, requestedAt: now, settledAt: null }
  const isAllowed = asked ? sql`not ${isRefused(asked)}` : sql`true`
  const [, refusals = []] = await runBatch(db, [
    insertWhere(db, mailRequests, row, isAllowed).onConflictDoUpdate({
      target: mailRequests.key,
      set: {
        userId: sql`excluded.user_id`,
        requestId: sql`excluded.request_id`,
        requestedAt: sql`excluded.requested_at`,
        settledAt: null,
      },
      // What has been seen to since is not asked for again by a batch that runs again.
      setWhere: sql`${mailRequests.requestId} <> excluded.request_id`,
    }),
    ...(asked ? [selectRefusal(db, asked)] : []),
  ])
  return { isChallenged: refusals.some(({ blockedUntil }) => blockedUntil !== null) }
}

export interface MailRequestSettlement extends Pick<MailRequest, 'key' | 'emailNormalized'> {
  readonly token: TokenMail & { readonly purpose: AskedPurpose }
  /** Which secrets are held: a link of another one cannot be made again. */
  readonly keyIds: readonly string[]
  readonly limit: MailLimit
  readonly event: NewAuditEvent
}

/**
 * Sees to what was asked for under this key, once, whoever asked last: mails a link to the user with this email, if
 * there is one who is active, may be mailed, and, to verify, has not done so. That is the link that was mailed before
 * while it is good for ten minutes more, else another one beside it: nobody's asking ends a link.
 */
export async function settleMailRequest(
  db: Database,
  { key, emailNormalized, token, keyIds, limit, event }: MailRequestSettlement,
): Promise<void> {
  const { mail, now, ...made } = token
  const { purpose } = made
  const subjectId = sql`(select user_id from mail_requests where key = ${key})`
  const isOwed = sql`exists (select 1 from users where id = ${subjectId}
    and email_normalized = ${emailNormalized} and is_active = 1
    and (${purpose} <> 'verify_email' or email_verified_at is null))`
  const email = sql`(select email from users where id = ${subjectId})`
  const live = sql`(select id from one_time_tokens where user_id = ${subjectId}
    and purpose = ${purpose} and email = ${email} and used_at is null
    and expires_at >= ${now + LEAST_LIFE_MS} and key_id in ${listOf(keyIds)}
    order by created_at desc limit 1)`
  await runBatch(db, [
    db.update(mailRequests).set({ settledAt: now }).where(sql`key = ${key} and settled_at is null`),
    recordEventWhere(
      db,
      { ...event, subjectId },
      sql`changes() = 1 and ${isOwed} and ${isWithinLimit(limit, { pauseMs: PAUSE_MS, now })}`,
    ),
    insertWhere(
      db,
      oneTimeTokens,
      { ...made, userId: subjectId, email, createdAt: now },
      sql`${isNewest(event)} and ${live} is null`,
    ).onConflictDoNothing(),
    db
      .update(oneTimeTokens)
      .set({ mailedAt: now })
      .where(sql`id = ${live} and ${isNewest(event)}`),
    countMail(db, limit, { mailId: mail.id, now }, event),
    queueMailWhere(
      db,
      {
        ...mail,
        userId: subjectId,
        email,
        oneTimeTokenId: live,
        now,
        expiresAt: sql`(select expires_at from one_time_tokens where id = ${live})`,
      },
      sql`changes() = 1`,
    ),
  ])
}

/**
 * What was asked for before that time and has not been seen to, the oldest first, `limit` at most. What was asked for
 * nobody is settled with it.
 */
export async function findUnsettled(
  db: Database,
  { before, now, limit }: { before: number; now: number; limit: number },
) {
  const isUnsettled = sql`settled_at is null and requested_at <= ${before}`
  const [, requests] = await runBatch(db, [
    db
      .update(mailRequests)
      .set({ settledAt: now })
      .where(sql`${isUnsettled} and user_id is null and rowid in (
        select rowid from mail_requests where ${isUnsettled} and user_id is null
        limit ${MOST_OF_NOBODY})`),
    db
      .select({
        key: mailRequests.key,
        purpose: mailRequests.purpose,
        emailNormalized: sql<
          string | null
        >`(select email_normalized from users where id = user_id)`.as('email_normalized'),
      })
      .from(mailRequests)
      .where(sql`${isUnsettled} and user_id is not null`)
      .orderBy(mailRequests.requestedAt)
      .limit(limit),
  ])
  return requests
}
