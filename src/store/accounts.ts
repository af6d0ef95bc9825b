import { asc, eq, sql } from 'drizzle-orm'
import { selectAllApiKeys } from './api-keys'
import { type NewAuditEvent, recordEventWhere } from './audit-events'
import { auditEvents, SHOWN_EVENT } from './audit-schema'
import { type Database, runBatch } from './database'
import { OTHER_NETWORKS } from './other-networks'
import { announce } from './outbox'
import { roles, userRoles, userSessions, users } from './schema'
import { type Caller, callerLives, type Moment, selectCaller } from './sessions'
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
      .select(SHOWN_EVENT)
      .from(auditEvents)
      .where(sql`subject_id = ${userId}
        or (actor_id = ${userId} and actor_id is not null and actor_id is not subject_id)`)
      .orderBy(asc(auditEvents.seq)),
  ])
  return { session: session ?? null, account: account ?? null, grants, sessions, apiKeys, events }
}
