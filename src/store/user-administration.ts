import { eq, type SQL, sql } from 'drizzle-orm'
import { type Actor, mayAct, permissionsOf, selectActor } from './actors'
import { endApiKeysOf } from './api-keys'
import {
  isNewest,
  isRecorded,
  type NewAuditEvent,
  recordEventWhere,
  selectRecorded,
} from './audit-events'
import { type Database, insertWhere, runBatch } from './database'
import { endTokensOf, isFreeAddress, issueTokenWhere, type TokenMail } from './one-time-tokens'
import { announce } from './outbox'
import { raiseEpoch } from './revocations'
import { ADMIN_ROLE, mayGrant, selectGrantable } from './roles'
import { userRoles, userSessions, users } from './schema'
import { type Moment, selectLiveSessions } from './sessions'
import { grantRolesWhere, listOf, type NewUser, type RoleGrant, selectAccount } from './users'

/** What a user is before a change, as far as that decides whether it may be made. */
export type TargetState = Awaited<ReturnType<typeof selectTarget>>[number]

// An account that holds a permission which the actor lacks is not theirs to touch.
const isWithinReach = (actor: Actor): SQL => sql`not exists (
  select role_permissions.permission_id from user_roles
    join role_permissions on role_permissions.role_id = user_roles.role_id
    where user_roles.user_id = users.id
  except ${permissionsOf(actor)})`

/** Whether without this user there would be no active admin who can log in. */
export const isLastAdmin = sql`(users.is_active = 1 and exists (
    select 1 from user_roles join roles on roles.id = user_roles.role_id
    where user_roles.user_id = users.id and roles.name = ${ADMIN_ROLE})
  and not exists (
    select 1 from roles join user_roles on user_roles.role_id = roles.id
    join users as others on others.id = user_roles.user_id
    where roles.name = ${ADMIN_ROLE} and others.id <> users.id
      and others.is_active = 1 and others.password_hash is not null))`

function selectTarget(db: Database, actor: Actor, userId: string) {
  return db
    .select({
      isWithinReach: isWithinReach(actor).mapWith(Boolean).as('is_within_reach'),
      isLastAdmin: isLastAdmin.mapWith(Boolean).as('is_last_admin'),
    })
    .from(users)
    .where(eq(users.id, userId))
}

/** The guard of a change to a user, which holds of the user's row as it is before. */
function mayChange(actor: Actor, userId: string, moment: Moment, condition: SQL): SQL {
  return sql`${mayAct(actor, moment)} and exists (select 1 from users
    where id = ${userId} and ${isWithinReach(actor)} and ${condition})`
}

/** The account with this id, and the actor that asks. */
export async function findUser(db: Database, actor: Actor, userId: string, moment: Moment) {
  const [[state], [account]] = await runBatch(db, [
    selectActor(db, actor, moment),
    selectAccount(db, eq(users.id, userId)),
  ])
  return { actor: state, account: account ?? null }
}

/** The live sessions of a user, and the actor that asks. */
export async function findSessionsOfUser(
  db: Database,
  actor: Actor,
  userId: string,
  moment: Moment,
) {
  const [[state], found, sessions] = await runBatch(db, [
    selectActor(db, actor, moment),
    db.select({ id: users.id }).from(users).where(eq(users.id, userId)),
    selectLiveSessions(db, userId, moment),
  ])
  return { actor: state, isFound: found.length > 0, sessions }
}

export interface UserCreation {
  readonly user: NewUser
  readonly grant: RoleGrant
  readonly event: NewAuditEvent
  /** By which they choose their password. */
  readonly link: TokenMail
}

/** Creates a user with roles that give nothing the actor lacks. `account` is null where it was not. */
export async function createUser(
  db: Database,
  actor: Actor,
  { user, grant, event, link }: UserCreation,
  moment: Moment,
) {
  const isAllowed = sql`not ${isRecorded(event)}
    and ${isFreeAddress(user.emailNormalized, null, user.createdAt)}
    and ${mayAct(actor, moment)} and ${mayGrant(actor, grant.names)}`
  const [[state], grantable, , , , , [account]] = await runBatch(db, [
    selectActor(db, actor, moment),
    selectGrantable(db, actor, grant.names),
    insertWhere(db, users, user, isAllowed).onConflictDoNothing(),
    recordEventWhere(db, event, sql`changes() = 1`),
    grantRolesWhere(db, grant, isNewest(event)),
    announce(db, event, 'user_created'),
    selectAccount(db, eq(users.id, user.id)),
    ...issueTokenWhere(db, link, { userId: user.id, email: user.email }, isNewest(event)),
  ])
  return { actor: state, grantable, account: account ?? null }
}

/** An act upon a user, told by its event. */
export interface UserAct {
  readonly userId: string
  readonly event: NewAuditEvent
}

/**
 * Changes columns of a user that mean nothing to their tokens, unless they are so already. Who is enabled is not deleted
 * either.
 */
export async function changeUser(
  db: Database,
  actor: Actor,
  { userId, event, change }: UserAct & { change: { name: string | null } | { isActive: true } },
  moment: Moment,
) {
  const differs = 'name' in change ? sql`name is not ${change.name}` : sql`not is_active`
  const [[state], [before], , , , recorded, [account]] = await runBatch(db, [
    selectActor(db, actor, moment),
    selectTarget(db, actor, userId),
    recordEventWhere(db, event, mayChange(actor, userId, moment, differs)),
    db
      .update(users)
      .set({ ...change, ...('isActive' in change && { deleteAt: null }), updatedAt: moment.now })
      .where(sql`id = ${userId} and changes() = 1`),
    announce(db, event, event.type),
    selectRecorded(db, event),
    selectAccount(db, eq(users.id, userId)),
  ])
  return { actor: state, before, isDone: recorded.length > 0, account: account ?? null }
}

export interface LockOut extends UserAct {
  readonly reason: 'user_disabled' | 'ended_by_administrator' | 'password_reset'
  readonly revocationExpiresAt: number
  /** Mailed to the user, where they have to choose a new password. */
  readonly link: TokenMail | null
}

const emailOf = (userId: string): SQL => sql`(select email from users where id = ${userId})`

/**
 * Ends every session, every API key and every mailed link of a user and outdates every token. Disabling and forcing a new
 * password are this and one column more, which the last active admin is spared.
 */
export async function lockOutUser(
  db: Database,
  actor: Actor,
  { userId, event, reason, revocationExpiresAt, link }: LockOut,
  moment: Moment,
) {
  const condition = {
    // Also who has disabled themselves by a deletion that can be undone: else undoing it would enable them again.
    user_disabled: sql`(is_active = 1 or delete_at is not null) and not ${isLastAdmin}`,
    password_reset: sql`not ${isLastAdmin}`,
    ended_by_administrator: sql`true`,
  }[reason]
  const change = {
    user_disabled: { isActive: false, deleteAt: null },
    password_reset: { passwordHash: null },
    ended_by_administrator: {},
  }[reason]
  const [[state], [before], , , revocations, , , , , recorded, [account]] = await runBatch(db, [
    selectActor(db, actor, moment),
    selectTarget(db, actor, userId),
    recordEventWhere(db, event, mayChange(actor, userId, moment, condition)),
    ...raiseEpoch(db, { userId, keep: null, expiresAt: revocationExpiresAt, event }),
    db
      .update(users)
      .set({ ...change, updatedAt: moment.now })
      .where(sql`id = ${userId} and ${isNewest(event)}`),
    db
      .update(userSessions)
      .set({ revokedAt: moment.now, revokedReason: reason })
      .where(sql`user_id = ${userId} and revoked_at is null and ${isNewest(event)}`),
    endTokensOf(db, userId, event, link),
    announce(db, event, event.type),
    selectRecorded(db, event),
    selectAccount(db, eq(users.id, userId)),
    endApiKeysOf(db, userId, event),
    ...(link
      ? issueTokenWhere(
          db,
          link,
          { userId, email: emailOf(userId) },
          sql`${isNewest(event)} and exists (select 1 from users where id = ${userId} and is_active = 1)`,
        )
      : []),
  ])
  const isDone = recorded.length > 0
  return { actor: state, before, isDone, account: account ?? null, revocations }
}

// Only what is new: roles that such a user holds already can be taken from them one by one.
const givesToUnverified = (userId: string, names: readonly string[]): SQL => sql`(
  exists (select 1 from users where id = ${userId} and email_verified_at is null)
  and exists (select 1 from roles join role_permissions on role_permissions.role_id = roles.id
    where roles.name in ${listOf(names)}
      and roles.id not in (select role_id from user_roles where user_id = ${userId})))`

/**
 * Sets the roles of a user, unless they are so already: what they give must be the actor's to give, and the
 * last active admin keeps theirs. Where the address must be verified for it, one that is not gets no role with permissions:
 * `isUnverified` says that this is why.
 */
export async function setUserRoles(
  db: Database,
  actor: Actor,
  { grant, event, mustBeVerified, revocationExpiresAt }: RoleChange,
  moment: Moment,
) {
  const { userId, names } = grant
  const held = sql`select roles.name from user_roles
    join roles on roles.id = user_roles.role_id where user_roles.user_id = ${userId}`
  const asked = listOf(names)
  const differs = sql`(exists (${held} except select * from ${asked})
    or exists (select * from ${asked} except ${held}))`
  const keepsAnAdmin = names.includes(ADMIN_ROLE) ? sql`true` : sql`not ${isLastAdmin}`
  const isUnverified = mustBeVerified ? givesToUnverified(userId, names) : sql`false`
  const isPossible = sql`${differs} and ${keepsAnAdmin} and not ${isUnverified}
    and ${mayGrant(actor, names)}`
  const [[state], [before], grantable, [proof], , , revocations, , , , recorded, [account]] =
    await runBatch(db, [
      selectActor(db, actor, moment),
      selectTarget(db, actor, userId),
      selectGrantable(db, actor, names),
      db
        .select({ isUnverified: isUnverified.mapWith(Boolean).as('is_unverified') })
        .from(sql`(select 1)`),
      recordEventWhere(db, event, mayChange(actor, userId, moment, isPossible)),
      ...raiseEpoch(db, { userId, keep: null, expiresAt: revocationExpiresAt, event }),
      db.delete(userRoles).where(sql`user_id = ${userId} and ${isNewest(event)}
        and role_id not in (select id from roles where name in ${asked})`),
      grantRolesWhere(db, grant, isNewest(event)),
      announce(db, event, event.type),
      selectRecorded(db, event),
      selectAccount(db, eq(users.id, userId)),
    ])
  const verdict = { isDone: recorded.length > 0, isUnverified: proof?.isUnverified ?? false }
  return { actor: state, before, grantable, ...verdict, account: account ?? null, revocations }
}

export interface RoleChange {
  readonly grant: RoleGrant
  readonly event: NewAuditEvent
  /** Whether roles that carry permissions are only for those whose address is verified. */
  readonly mustBeVerified: boolean
  readonly revocationExpiresAt: number
}
