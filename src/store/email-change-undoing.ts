import { type SQL, sql } from 'drizzle-orm'
import { endApiKeysOf } from './api-keys'
import { isNewest, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, runBatch } from './database'
import {
  endLaterUndoings,
  endTokensOf,
  issueTokenWhere,
  type Redemption,
  redeemTokenWhere,
  selectUse,
  type TokenMail,
} from './one-time-tokens'
import { announce, type NewMail, queueMailWhere } from './outbox'
import { raiseEpoch } from './revocations'
import { userSessions, users } from './schema'

export interface EmailChangeUndoing {
  readonly userId: string
  readonly redemption: Redemption
  /** By which a new password is chosen: others may have used up what may be mailed in a day. */
  readonly link: TokenMail
  /** To the address that loses the account. */
  readonly notice: Pick<NewMail, 'id' | 'type' | 'expiresAt'>
  readonly event: NewAuditEvent
  /** Of the deletion, where one was scheduled. */
  readonly cancelled: NewAuditEvent
  readonly revocationExpiresAt: number
}

/**
 * The old address becomes the user's again. Whoever changed it knew the password: it is taken, every session
 * and every other link ends, and a link to choose another password is mailed. A scheduled deletion is cancelled, and the
 * account enabled again.
 */
export async function undoEmailChange(
  db: Database,
  { userId, redemption, link, notice, event, cancelled, revocationExpiresAt }: EmailChangeUndoing,
) {
  const { id, now } = redemption
  const isFree = sql`exists (select 1 from users where id = ${userId}) and not exists (
    select 1 from users where email_normalized = lower(one_time_tokens.email) and id <> ${userId})`
  const old = sql`(select email from one_time_tokens where id = ${id})`
  const lost = sql`(select email from users where id = ${userId})`
  const isLeft = sql`exists (select 1 from users
    where id = ${userId} and email_normalized <> lower(${old}))`
  const [, , , revocations, , , , , , , [use]] = await runBatch(db, [
    redeemTokenWhere(db, redemption, isFree),
    recordEventWhere(db, event, sql`changes() = 1`),
    ...raiseEpoch(db, { userId, keep: null, expiresAt: revocationExpiresAt, event }),
    // Before the account has its old address again.
    queueMailWhere(
      db,
      { ...notice, userId, email: lost, oneTimeTokenId: null, now },
      sql`${isNewest(event)} and ${isLeft}`,
    ),
    db
      .update(users)
      .set({
        email: old,
        emailNormalized: sql`lower(${old})`,
        emailVerifiedAt: now,
        passwordHash: null,
        recoveredAt: now,
        updatedAt: now,
      })
      .where(sql`id = ${userId} and ${isNewest(event)}`),
    db
      .update(userSessions)
      .set({ revokedAt: now, revokedReason: 'password_reset' })
      .where(sql`user_id = ${userId} and revoked_at is null and ${isNewest(event)}`),
    endTokensOf(db, userId, event, link),
    endLaterUndoings(db, userId, redemption, event),
    announce(db, event, 'email_changed'),
    selectUse(db, id),
    ...issueTokenWhere(db, link, { userId, email: old }, isNewest(event)),
    endApiKeysOf(db, userId, event),
    // Last: its event is the newest from here on.
    ...cancelDeletion(db, userId, cancelled, isNewest(event)),
  ])
  return { revocations, isDone: use?.usedBy === redemption.usedBy }
}

/** Three statements that enable a user whose deletion is scheduled, where the condition holds. */
function cancelDeletion(db: Database, userId: string, cancelled: NewAuditEvent, condition: SQL) {
  return [
    recordEventWhere(
      db,
      cancelled,
      sql`${condition}
        and exists (select 1 from users where id = ${userId} and delete_at is not null)`,
    ),
    db
      .update(users)
      .set({ isActive: true, deleteAt: null })
      .where(sql`id = ${userId} and delete_at is not null and ${isNewest(cancelled)}`),
    announce(db, cancelled, 'user_enabled'),
  ] as const
}
