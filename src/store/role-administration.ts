import { eq, sql } from 'drizzle-orm'
import { type Actor, mayAct, selectActor } from './actors'
import {
  isNewest,
  isRecorded,
  type NewAuditEvent,
  recordEventWhere,
  selectRecorded,
} from './audit-events'
import { type Database, insertWhere, runBatch } from './database'
import { mayGive, selectGivable } from './permissions'
import { ADMIN_ROLE, isBuiltIn, isFilledBy, isRoleWithinReach, selectRole } from './roles'
import { rolePermissions, roles } from './schema'
import type { Moment } from './sessions'
import { listOf } from './users'

export type NewRole = typeof roles.$inferInsert

/** What a role is before a change, as far as that decides whether it may be made. */
export type RoleState = Awaited<ReturnType<typeof selectRoleState>>[number]

const isInUse = sql`exists (select 1 from user_roles where role_id = roles.id)`

function selectRoleState(db: Database, actor: Actor, id: string) {
  return db
    .select({
      name: roles.name,
      isBuiltIn: isBuiltIn.mapWith(Boolean).as('is_built_in'),
      isInUse: isInUse.mapWith(Boolean).as('is_in_use'),
      isWithinReach: isRoleWithinReach(actor).mapWith(Boolean).as('is_within_reach'),
      isActorsToFill: isFilledBy(actor).mapWith(Boolean).as('is_actors_to_fill'),
    })
    .from(roles)
    .where(eq(roles.id, id))
}

/** Creates a role of permissions that the actor holds. `created` is null where it was not. */
export async function createRole(
  db: Database,
  actor: Actor,
  { role, names, event }: { role: NewRole; names: readonly string[]; event: NewAuditEvent },
  moment: Moment,
) {
  // Not again what somebody has deleted since.
  const isAllowed = sql`not ${isRecorded(event)}
    and ${mayAct(actor, moment)} and ${mayGive(actor, names)}`
  const [[state], givable, , , , [created]] = await runBatch(db, [
    selectActor(db, actor, moment),
    selectGivable(db, actor, names),
    insertWhere(db, roles, role, isAllowed).onConflictDoNothing(),
    recordEventWhere(db, event, sql`changes() = 1`),
    givePermissions(db, { roleId: role.id, names, event }),
    selectRole(db, role.id),
  ])
  return { actor: state, givable, created: created ?? null }
}

export interface RoleChange {
  readonly id: string
  /** Null leaves it as it is. */
  readonly name: string | null
  readonly description: string | null
  readonly event: NewAuditEvent
}

/** Renames or describes a role that is not built in and gives nothing that the actor lacks. */
export async function changeRole(
  db: Database,
  actor: Actor,
  { id, name, description, event }: RoleChange,
  moment: Moment,
) {
  const next = {
    name: sql`coalesce(${name}, roles.name)`,
    description: sql`coalesce(${description}, roles.description)`,
  }
  const isTaken = sql`exists (select 1 from roles as others where name = ${name} and id <> ${id})`
  const [[state], [before], taken, , , recorded, [after]] = await runBatch(db, [
    selectActor(db, actor, moment),
    selectRoleState(db, actor, id),
    db.select({ id: roles.id }).from(roles).where(sql`name = ${name} and id <> ${id}`),
    recordEventWhere(
      db,
      event,
      sql`${mayAct(actor, moment)} and not ${isTaken} and exists (select 1 from roles
        where id = ${id} and not ${isBuiltIn} and ${isRoleWithinReach(actor)}
          and (name <> ${next.name} or description <> ${next.description}))`,
    ),
    db.update(roles).set(next).where(sql`id = ${id} and changes() = 1`),
    selectRecorded(db, event),
    selectRole(db, id),
  ])
  const isDone = recorded.length > 0
  return { actor: state, before, isNameTaken: taken.length > 0, isDone, after }
}

/**
 * Sets what a role gives: of what it gave and what it is to give the actor must hold everything. The admins
 * keep every permission, and alone decide what everybody has.
 */
export async function setRolePermissions(
  db: Database,
  actor: Actor,
  { id, names, event }: { id: string; names: readonly string[]; event: NewAuditEvent },
  moment: Moment,
) {
  const given = sql`select permissions.name from role_permissions
    join permissions on permissions.id = role_permissions.permission_id where role_id = ${id}`
  const asked = listOf(names)
  const [[state], [before], givable, , , , recorded, [after]] = await runBatch(db, [
    selectActor(db, actor, moment),
    selectRoleState(db, actor, id),
    selectGivable(db, actor, names),
    recordEventWhere(
      db,
      event,
      sql`${mayAct(actor, moment)} and ${mayGive(actor, names)}
        and exists (select 1 from roles
          where id = ${id} and name <> ${ADMIN_ROLE} and ${isRoleWithinReach(actor)}
            and ${isFilledBy(actor)})
        and (exists (${given} except select * from ${asked}) or exists (select * from ${asked} except ${given}))`,
    ),
    db.delete(rolePermissions).where(sql`role_id = ${id} and ${isNewest(event)}
      and permission_id not in (select id from permissions where name in ${asked})`),
    givePermissions(db, { roleId: id, names, event }),
    selectRecorded(db, event),
    selectRole(db, id),
  ])
  return { actor: state, before, givable, isDone: recorded.length > 0, after }
}

/** Deletes a role that nobody holds, that is not built in and gives nothing that the actor lacks. */
export async function deleteRole(
  db: Database,
  actor: Actor,
  { id, event }: { id: string; event: NewAuditEvent },
  moment: Moment,
) {
  const [[state], [before], , , recorded] = await runBatch(db, [
    selectActor(db, actor, moment),
    selectRoleState(db, actor, id),
    recordEventWhere(
      db,
      event,
      sql`${mayAct(actor, moment)} and exists (select 1 from roles
        where id = ${id} and not ${isBuiltIn} and not ${isInUse} and ${isRoleWithinReach(actor)})`,
    ),
    db.delete(roles).where(sql`id = ${id} and changes() = 1`),
    selectRecorded(db, event),
  ])
  return { actor: state, before, isDone: recorded.length > 0 }
}

function givePermissions(
  db: Database,
  { roleId, names, event }: { roleId: string; names: readonly string[]; event: NewAuditEvent },
) {
  return db
    .insert(rolePermissions)
    .select(
      sql`select ${roleId}, id from permissions where name in ${listOf(names)} and ${isNewest(event)}`,
    )
    .onConflictDoNothing()
}
