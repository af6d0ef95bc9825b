import { eq, type SQL, sql } from 'drizzle-orm'
import { permissionsOf } from './actors'
import { isNewest, type NewAuditEvent } from './audit-events'
import { type Database, insertWhere, runBatch } from './database'
import { type NewMail, queueMailWhere } from './outbox'
import { oneTimeTokens } from './schema'

export type Purpose = typeof oneTimeTokens.$inferSelect.purpose

/** In the words of the index, which is of these alone. */
export const isFoundByEmail = sql`purpose in ('invitation', 'undo_email_change')`

/** What POST /admin/invitations asks for. */
const INVITING_PERMISSION = 'users:write'

const MAIL_PAUSE_MS = 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000
const MAILS_A_DAY = 5

/** A token as it is made, and the mail that carries it. */
export interface TokenMail {
  readonly id: string
  readonly purpose: Purpose
  readonly keyId: string
  readonly tokenHash: string
  readonly now: number
  readonly expiresAt: number
  readonly mail: Pick<NewMail, 'id' | 'type'>
  /** JSON: of an invitation; and who invites. */
  readonly roles?: string
  readonly invitedBy?: string
}

/** A row that a token is presented for: which one, by whom (a nonce of the request), and when. */
export interface Redemption {
  readonly id: string
  readonly tokenHash: string
  readonly purpose: Purpose
  readonly usedBy: string
  readonly now: number
}

/** Whose a token is to be. */
interface TokenOwner {
  readonly userId: string | SQL | null
  readonly email: string | SQL
  /** Where it does not hold there is a row all the same, used up and not mailed: it counts as a mail that was. */
  readonly isOfUse?: SQL
}

/**
 * Three statements: the token, for a user and an address that may be read from the database, where the condition
 * holds; its mail; and, of an invitation and a change of the email, the end of older ones, which the same people asked
 * for. A batch that runs again mails nothing again.
 */
export function issueTokenWhere(
  db: Database,
  { mail, now, ...token }: TokenMail,
  { userId, email, isOfUse }: TokenOwner,
  condition: SQL,
) {
  const { id, purpose, expiresAt } = token
  const used = isOfUse && {
    usedAt: sql`iif(${isOfUse}, null, ${now})`,
    usedBy: sql`iif(${isOfUse}, null, ${id})`,
  }
  const row = { ...token, userId, email, createdAt: now, ...used }
  const isUnused = sql`exists (select 1 from one_time_tokens where id = ${id} and used_at is null)`
  const itsUser = sql`(select user_id from one_time_tokens where id = ${id})`
  const itsEmail = sql`(select email from one_time_tokens where id = ${id})`
  const its = { userId: itsUser, email: itsEmail, oneTimeTokenId: id, now, expiresAt }
  const isOlder = sql`id <> ${id} and used_at is null and created_at <= ${now}`
  return [
    insertWhere(db, oneTimeTokens, row, condition).onConflictDoNothing(),
    queueMailWhere(db, { ...mail, ...its }, sql`changes() = 1 and ${isUnused}`),
    db
      .update(oneTimeTokens)
      .set({ usedAt: now, usedBy: id })
      .where(
        purpose === 'invitation'
          ? sql`${isFoundByEmail} and purpose = 'invitation'
              and lower(email) = lower(${itsEmail}) and ${isOlder}`
          : sql`user_id = ${itsUser} and purpose = ${purpose}
              and purpose = 'change_email' and ${isOlder}`,
      ),
  ] as const
}

/**
 * Whether the address is nobody's: no user has it, nor may one have it back by undoing a change, which else
 * whoever changed it could prevent by signing up with it.
 */
export function isFreeAddress(normalized: string | SQL, userId: string | null, now: number): SQL {
  return sql`(not exists (select 1 from users
      where email_normalized = ${normalized} and id is not ${userId})
    and not exists (select 1 from one_time_tokens as undoing
      where ${isFoundByEmail} and undoing.purpose = 'undo_email_change' and lower(undoing.email) = ${normalized}
        and undoing.user_id is not ${userId}
        and undoing.used_at is null and undoing.expires_at > ${now}))`
}

/** A link by which the user's change of email can still be undone. */
export function isLiveUndoing(userId: string, now: number): SQL {
  return sql`(one_time_tokens.user_id = ${userId} and one_time_tokens.purpose = 'undo_email_change'
    and one_time_tokens.used_at is null and one_time_tokens.expires_at > ${now})`
}

/** No mail for this purpose went to the user within a minute, and no five within a day. */
export function mayBeMailed(userId: SQL | string, purpose: Purpose, now: number): SQL {
  const mailedSince = (time: number) => sql`(select count(*) from one_time_tokens as mailed
    where mailed.user_id = ${userId} and mailed.purpose = ${purpose} and mailed.created_at > ${time})`
  return sql`(${mailedSince(now - MAIL_PAUSE_MS)} = 0 and ${mailedSince(now - DAY_MS)} < ${MAILS_A_DAY})`
}

/** A statement that uses the token up, if it can be used and the condition holds; `used_by` tells by whom. */
export function redeemTokenWhere(
  db: Database,
  { id, tokenHash, purpose, usedBy, now }: Redemption,
  condition: SQL,
) {
  return db
    .update(oneTimeTokens)
    .set({ usedAt: now, usedBy })
    .where(sql`${isRedeemable({ id, tokenHash, purpose, now })} and ${condition}`)
}

export function isRedeemable({ id, tokenHash, purpose, now }: Omit<Redemption, 'usedBy'>): SQL {
  return sql`(one_time_tokens.id = ${id} and one_time_tokens.token_hash = ${tokenHash}
    and one_time_tokens.purpose = ${purpose} and one_time_tokens.used_at is null
    and one_time_tokens.expires_at > ${now})`
}

/**
 * A statement that ends every link of the user but those that undo a change of their email, and the one that the
 * batch issues itself.
 */
export function endTokensOf(
  db: Database,
  userId: string,
  event: NewAuditEvent,
  issued: TokenMail | null = null,
) {
  return db
    .update(oneTimeTokens)
    .set({ usedAt: event.occurredAt, usedBy: event.id })
    .where(sql`user_id = ${userId} and used_at is null and purpose <> 'undo_email_change'
      and id is not ${issued?.id ?? null} and ${isNewest(event)}`)
}

/**
 * A statement that ends every link to undo a change which came after the one that is undone. One before it stays:
 * a thief who undoes their own change must not end the owner's way back.
 */
export function endLaterUndoings(
  db: Database,
  userId: string,
  { id }: Redemption,
  event: NewAuditEvent,
) {
  const undone = sql`(select created_at from one_time_tokens where id = ${id})`
  return db
    .update(oneTimeTokens)
    .set({ usedAt: event.occurredAt, usedBy: event.id })
    .where(sql`user_id = ${userId} and used_at is null and purpose = 'undo_email_change'
      and created_at >= ${undone} and ${isNewest(event)}`)
}

/** A statement that reads by whom the token was used. */
export function selectUse(db: Database, id: string) {
  return db
    .select({ usedBy: oneTimeTokens.usedBy })
    .from(oneTimeTokens)
    .where(eq(oneTimeTokens.id, id))
}

const heldByInviter = permissionsOf({ userId: sql`one_time_tokens.invited_by` })

/**
 * Whether the inviter could invite now. An invitation is no way back for a user who was disabled, may not invite any more,
 * or has lost what they gave.
 */
export const isStillGiven = sql`(one_time_tokens.purpose <> 'invitation' or (
  exists (select 1 from users where id = one_time_tokens.invited_by and is_active = 1)
  and exists (select 1 from permissions
    where name = ${INVITING_PERMISSION} and id in (${heldByInviter}))
  and not exists (
    select role_permissions.permission_id from roles
      join role_permissions on role_permissions.role_id = roles.id
      where roles.name in (select value from json_each(one_time_tokens.roles))
    except ${heldByInviter})))`

/** The token's row, if it can be redeemed now. */
export async function findRedeemableToken(db: Database, redemption: Omit<Redemption, 'usedBy'>) {
  const [[token]] = await runBatch(db, [
    db
      .select({
        userId: oneTimeTokens.userId,
        email: oneTimeTokens.email,
        roles: oneTimeTokens.roles,
        /** Normalized: the user's now, which of a change is another than that of the link. */
        userEmail: sql<string | null>`(select email_normalized from users
          where users.id = one_time_tokens.user_id)`.as('user_email'),
      })
      .from(oneTimeTokens)
      .where(sql`${isRedeemable(redemption)} and ${isStillGiven}`),
  ])
  return token ?? null
}
