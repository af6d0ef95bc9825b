import { and, desc, eq, type SQL, sql } from 'drizzle-orm'
import { apiKeys } from './api-key-schema'
import {
  isNewest,
  isRecorded,
  type NewAuditEvent,
  recordEventWhere,
  selectRecorded,
} from './audit-events'
import { type Database, insertWhere, runBatch } from './database'
import { type Attempt, attemptValues, refundAttempt } from './login-attempts'
import { type NewMail, queueNotice } from './outbox'
import { users } from './schema'
import { type Caller, callerLives, type Moment, selectCaller } from './sessions'
import { parseNames, selectAccount } from './users'

const USABLE_KEYS_LIMIT = 50
/** A year: no key lives longer, also one that was stored without an end. */
export const LONGEST_KEY_LIFE_MS = 365 * 24 * 60 * 60 * 1000

const END = sql.raw(
  `coalesce(api_keys.expires_at, api_keys.created_at + ${LONGEST_KEY_LIFE_MS})`,
) as SQL<number>

/** A key as its user sees it. */
export type ApiKey = Awaited<ReturnType<typeof selectApiKeys>>[number]

const API_KEY = {
  id: apiKeys.id,
  name: apiKeys.name,
  permissions: sql`${apiKeys.permissions}`.mapWith(parseNames).as('permissions'),
  createdAt: apiKeys.createdAt,
  expiresAt: END.as('expires_at'),
  lastUsedAt: apiKeys.lastUsedAt,
}

/** Neither revoked nor expired, not made before AUTH_NOT_BEFORE, and its user active. */
export const isUsable = ({ now, notBefore }: Moment): SQL => sql`(api_keys.revoked_at is null
  and ${END} > ${now}
  and api_keys.created_at >= ${notBefore}
  and exists (select 1 from users where users.id = api_keys.user_id and users.is_active = 1))`

function selectApiKeys(db: Database, userId: string, moment: Moment) {
  return db
    .select(API_KEY)
    .from(apiKeys)
    .where(and(eq(apiKeys.userId, userId), isUsable(moment)))
    .orderBy(desc(apiKeys.createdAt), desc(apiKeys.id))
}

/** A statement that reads every key of the user, also those that can be used no more. */
export function selectAllApiKeys(db: Database, userId: string) {
  return db
    .select({ ...API_KEY, revokedAt: apiKeys.revokedAt })
    .from(apiKeys)
    .where(eq(apiKeys.userId, userId))
    .orderBy(apiKeys.createdAt, apiKeys.id)
}

/** What a key that was presented is to be held against, and the account behind it. */
export async function findPresentedKey(db: Database, id: string, moment: Moment) {
  const [[key], [account]] = await runBatch(db, [
    selectPresentedKey(db, id, moment),
    selectAccount(db, sql`users.id = (select user_id from api_keys where api_keys.id = ${id})`),
  ])
  return { key: key ?? null, account: account ?? null }
}

export function selectPresentedKey(db: Database, id: string, moment: Moment) {
  return db
    .select({
      ...API_KEY,
      secretHash: apiKeys.secretHash,
      isUsable: isUsable(moment).mapWith(Boolean).as('is_usable'),
    })
    .from(apiKeys)
    .where(eq(apiKeys.id, id))
}

/** Moves the last use to now, unless it was moved after `notAfter`: a key is written once a minute. */
export async function touchApiKey(
  db: Database,
  { id, notAfter, now }: { id: string; notAfter: number; now: number },
): Promise<void> {
  await runBatch(db, [
    db
      .update(apiKeys)
      .set({ lastUsedAt: now })
      .where(sql`id = ${id} and (last_used_at is null or last_used_at <= ${notAfter})`),
  ])
}

/** The usable keys of the caller, the newest first, and the session that asks. */
export async function findApiKeys(db: Database, caller: Caller, moment: Moment) {
  const [[session], keys] = await runBatch(db, [
    selectCaller(db, caller, moment),
    selectApiKeys(db, caller.userId, moment),
  ])
  return { session: session ?? null, keys }
}

export interface ApiKeyCreation {
  readonly key: typeof apiKeys.$inferInsert
  readonly permissions: readonly string[]
  /** Where the password was asked for: what it was verified against, and the attempt, which is taken back. */
  readonly own: { readonly passwordHash: string; readonly attempt: Attempt } | null
  readonly event: NewAuditEvent
  readonly notice: Pick<NewMail, 'id' | 'type' | 'expiresAt'>
}

/** Creates a key that gives nothing its user lacks, where they have less than 50 that can be used. */
export async function createApiKey(
  db: Database,
  caller: Caller,
  { key, permissions, own, event, notice }: ApiKeyCreation,
  moment: Moment,
) {
  const isProven = own
    ? sql`exists (select 1 from users
        where id = ${caller.userId} and password_hash = ${own.passwordHash})`
    : sql`true`
  const isHeld = sql`not exists (select value from json_each(${JSON.stringify(permissions)})
    except select permissions.name from user_roles
      join role_permissions on role_permissions.role_id = user_roles.role_id
      join permissions on permissions.id = role_permissions.permission_id
      where user_roles.user_id = ${caller.userId})`
  const isFull = sql`(select count(*) from api_keys
    where user_id = ${caller.userId} and ${isUsable(moment)}) >= ${USABLE_KEYS_LIMIT}`
  const [[session], [state], , , [created]] = await runBatch(db, [
    selectCaller(db, caller, moment),
    db
      .select({
        isProven: isProven.mapWith(Boolean).as('is_proven'),
        isHeld: isHeld.mapWith(Boolean).as('is_held'),
        isFull: isFull.mapWith(Boolean).as('is_full'),
      })
      .from(users)
      .where(eq(users.id, caller.userId)),
    insertWhere(
      db,
      apiKeys,
      key,
      sql`not ${isRecorded(event)} and ${callerLives(caller, moment)} and ${isProven}
        and ${isHeld} and not ${isFull}`,
    ).onConflictDoNothing(),
    recordEventWhere(db, event, sql`changes() = 1`),
    db.select(API_KEY).from(apiKeys).where(eq(apiKeys.id, key.id)),
    queueNotice(db, { ...notice, userId: caller.userId, now: moment.now }, event),
    ...(own ? [refundAttempt(db, attemptValues(own.attempt), event)] : []),
  ])
  return { session: session ?? null, state: state ?? null, created: created ?? null }
}

/** Revokes a key of the caller. */
export async function revokeApiKey(
  db: Database,
  caller: Caller,
  { id, event }: { id: string; event: NewAuditEvent },
  moment: Moment,
) {
  const [[session], , , recorded] = await runBatch(db, [
    selectCaller(db, caller, moment),
    db
      .update(apiKeys)
      .set({ revokedAt: moment.now })
      .where(sql`id = ${id} and user_id = ${caller.userId} and revoked_at is null
        and ${callerLives(caller, moment)}`),
    recordEventWhere(db, event, sql`changes() = 1`),
    selectRecorded(db, event),
  ])
  return { session: session ?? null, isDone: recorded.length > 0 }
}

/** A statement that revokes every key of the user: somebody else may have made them. */
export function endApiKeysOf(db: Database, userId: string, event: NewAuditEvent) {
  return db
    .update(apiKeys)
    .set({ revokedAt: event.occurredAt })
    .where(sql`user_id = ${userId} and revoked_at is null and ${isNewest(event)}`)
}
