import { asc, eq, sql } from 'drizzle-orm'
import { selectAllApiKeys } from './api-keys'
import { isNewest, type NewAuditEvent, recordEventWhere, selectRecorded } from './audit-events'
import { auditEvents, EVENT } from './audit-schema'
import { type Database, runBatch } from './database'
import { type Attempt, attemptValues, refundAttempt } from './login-attempts'
import { outbox } from './mail-schema'
import { isFoundByEmail } from './one-time-tokens'
import { OTHER_NETWORKS } from './other-networks'
import { announce, type NewMail, queueNotice } from './outbox'
import { raiseEpoch } from './revocations'
import { oneTimeTokens, roles, userRoles, userSessions, users } from './schema'
import { type Caller, callerLives, type Moment, selectCaller } from './sessions'
import { isLastAdmin } from './user-administration'
import { selectAccount } from './users'

/** Gives the caller this name. `session` is the one that asked, as it was before. */
export async function renameOwnAccount(
  db: Database,
  caller: Caller,
  { name, event }: { name: string | null; event: NewAuditEvent },
  moment: Moment,
) {
  const { userId } = caller
  const [[session], , , , [account]] = await runBatch(db, [
    selectCaller(db, caller, moment),
    recordEventWhere(
      db,
      event,
      sql`${callerLives(caller, moment)}
        and exists (select 1 from users where id = ${userId} and name is not ${name})`,
    ),
    db
      .update(users)
      .set({ name, updatedAt: moment.now })
      .where(sql`id = ${userId} and changes() = 1`),
    announce(db, event, event.type),
    selectAccount(db, eq(users.id, userId)),
  ])
  return { session: session ?? null, account: account ?? null }
}

export interface AccountDeletion {
  readonly passwordHash: string
  readonly attempt: Attempt
  readonly events: { readonly deleted: NewAuditEvent; readonly erased: NewAuditEvent }
  readonly revocationExpiresAt: number
  readonly notice: Pick<NewMail, 'id' | 'type' | 'expiresAt'>
}

/**
 * Deletes the caller, if the password is still the one that was verified and they are not the last admin. Their
 * sessions, roles and links go with them; audit events stay, without what they had of the person.
 */
export async function deleteAccount(
  db: Database,
  caller: Caller,
  { passwordHash, attempt, events, revocationExpiresAt, notice }: AccountDeletion,
  moment: Moment,
) {
  const { userId } = caller
  const { deleted, erased } = events
  const isTheirInvitation = sql`${isFoundByEmail} and purpose = 'invitation'
    and lower(email) = lower((select email_normalized from users where id = ${userId}))`
  const [[before], , , revocations, , , , , , , , , recorded] = await runBatch(db, [
    db
      .select({
        isLastAdmin: isLastAdmin.mapWith(Boolean).as('is_last_admin'),
        isCallerLive: callerLives(caller, moment).mapWith(Boolean).as('is_caller_live'),
      })
      .from(users)
      .where(eq(users.id, userId)),
    recordEventWhere(
      db,
      deleted,
      sql`${callerLives(caller, moment)} and exists (select 1 from users
        where id = ${userId} and password_hash = ${passwordHash} and not ${isLastAdmin})`,
    ),
    ...raiseEpoch(db, { userId, keep: null, expiresAt: revocationExpiresAt, event: deleted }),
    db
      .delete(outbox)
      .where(sql`user_id = ${userId} and +channel = 'mail' and ${isNewest(deleted)}`),
    refundAttempt(db, attemptValues(attempt), deleted),
    db.delete(oneTimeTokens).where(sql`${isTheirInvitation} and ${isNewest(deleted)}`),
    queueNotice(db, { ...notice, userId, now: moment.now }, deleted),
    announce(db, deleted, deleted.type),
    db.delete(users).where(sql`id = ${userId} and ${isNewest(deleted)}`),
    db
      .update(auditEvents)
      .set({ personal: null, personalSalt: null })
      .where(sql`(subject_id = ${userId}
          or (actor_id = ${userId} and actor_id is not null and actor_id is not subject_id))
        and ${isNewest(deleted)}`),
    recordEventWhere(db, erased, isNewest(deleted)),
    selectRecorded(db, deleted),
  ])
  return { before, revocations, isDone: recorded.length > 0 }
}

/** Everything that is stored about the caller, but secrets. */
export async function findEverythingOf(db: Database, caller: Caller, moment: Moment) {
  const { userId } = caller
  const [[session], [account], grants, sessions, apiKeys, events] = await runBatch(db, [
    selectCaller(db, caller, moment),
    selectAccount(db, eq(users.id, userId)),
    db
      .select({ role: roles.name, grantedAt: userRoles.grantedAt })
      .from(userRoles)
      .innerJoin(roles, eq(roles.id, userRoles.roleId))
      .where(eq(userRoles.userId, userId)),
    db
      .select({
        id: userSessions.id,
        issuedAt: userSessions.issuedAt,
        lastUsedAt: userSessions.lastUsedAt,
        expiresAt: userSessions.expiresAt,
        revokedAt: userSessions.revokedAt,
        revokedReason: userSessions.revokedReason,
        ip: userSessions.ip,
        userAgent: userSessions.userAgent,
        otherNetworks: OTHER_NETWORKS,
      })
      .from(userSessions)
      .where(eq(userSessions.userId, userId))
      .orderBy(asc(userSessions.issuedAt)),
    selectAllApiKeys(db, userId),
    db
      .select({ ...EVENT, personal: auditEvents.personal })
      .from(auditEvents)
      .where(sql`subject_id = ${userId}
        or (actor_id = ${userId} and actor_id is not null and actor_id is not subject_id)`)
      .orderBy(asc(auditEvents.seq)),
  ])
  return { session: session ?? null, account: account ?? null, grants, sessions, apiKeys, events }
}
