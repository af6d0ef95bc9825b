import { eq, type SQL, sql } from 'drizzle-orm'
import { type Actor, mayAct, permissionsOf, selectActor } from './actors'
import {
  isNewest,
  isRecorded,
  type NewAuditEvent,
  recordEventWhere,
  selectRecorded,
} from './audit-events'
import { type Database, insertWhere, runBatch } from './database'
import { ADMIN_ROLE } from './roles'
import { permissions, rolePermissions } from './schema'
import type { Moment } from './sessions'
import { listOf } from './users'

const BUILT_IN_PERMISSIONS = [
  'users:read',
  'users:write',
  'roles:read',
  'roles:write',
  'audit_events:read',
  'tokens:introspect',
  'tokens:revoke',
]

const isBuiltIn = sql`permissions.name in ${BUILT_IN_PERMISSIONS}`

// The admins hold every permission, so that theirs is no use of it.
const isInUse = sql`exists (
  select 1 from role_permissions where permission_id = permissions.id
    and role_id <> (select id from roles where name = ${ADMIN_ROLE}))`

const PERMISSION = {
  id: permissions.id,
  name: permissions.name,
  description: permissions.description,
  isBuiltIn: isBuiltIn.mapWith(Boolean).as('is_built_in'),
}

export type Permission = Awaited<ReturnType<typeof selectPermission>>[number]
export type NewPermission = typeof permissions.$inferInsert

function selectPermission(db: Database, id: string) {
  return db.select(PERMISSION).from(permissions).where(eq(permissions.id, id))
}

/** A page of permissions, by name, and the actor that asks. */
export async function findPermissions(
  db: Database,
  actor: Actor,
  { after, limit }: { after: string; limit: number },
  moment: Moment,
) {
  const [[state], found] = await runBatch(db, [
    selectActor(db, actor, moment),
    db
      .select(PERMISSION)
      .from(permissions)
      .where(sql`permissions.name > ${after}`)
      .orderBy(permissions.name)
      .limit(limit),
  ])
  return { actor: state, permissions: found }
}

/** Creates the permission and gives it to the admins. `created` is null when the name is taken. */
export async function createPermission(
  db: Database,
  actor: Actor,
  { permission, event }: { permission: NewPermission; event: NewAuditEvent },
  moment: Moment,
) {
  const adminRole = sql`(select id from roles where name = ${ADMIN_ROLE})`
  const given = { roleId: adminRole, permissionId: permission.id }
  const [[state], , , , [created]] = await runBatch(db, [
    selectActor(db, actor, moment),
    insertWhere(
      db,
      permissions,
      permission,
      sql`not ${isRecorded(event)} and ${mayAct(actor, moment)}`,
    ).onConflictDoNothing(),
    recordEventWhere(db, event, sql`changes() = 1`),
    insertWhere(db, rolePermissions, given, isNewest(event)).onConflictDoNothing(),
    selectPermission(db, permission.id),
  ])
  return { actor: state, created: created ?? null }
}

/** Deletes a permission that the actor holds, that is not built in and that no role but admin gives. */
export async function deletePermission(
  db: Database,
  actor: Actor,
  { id, event }: { id: string; event: NewAuditEvent },
  moment: Moment,
) {
  const isWithinReach = sql`permissions.id in (${permissionsOf(actor)})`
  const [[state], [before], , , recorded] = await runBatch(db, [
    selectActor(db, actor, moment),
    db
      .select({
        isBuiltIn: isBuiltIn.mapWith(Boolean).as('is_built_in'),
        isInUse: isInUse.mapWith(Boolean).as('is_in_use'),
        isWithinReach: isWithinReach.mapWith(Boolean).as('is_within_reach'),
      })
      .from(permissions)
      .where(eq(permissions.id, id)),
    recordEventWhere(
      db,
      event,
      sql`${mayAct(actor, moment)} and exists (select 1 from permissions
        where id = ${id} and not ${isBuiltIn} and not ${isInUse} and ${isWithinReach})`,
    ),
    db.delete(permissions).where(sql`id = ${id} and changes() = 1`),
    selectRecorded(db, event),
  ])
  return { actor: state, before: before ?? null, isDone: recorded.length > 0 }
}

/** A statement that reads which of these names are permissions, and which of them the actor may give. */
export function selectGivable(db: Database, actor: Actor, names: readonly string[]) {
  const isHeld = sql`permissions.id in (${permissionsOf(actor)})`
  return db
    .select({
      name: permissions.name,
      isWithinReach: isHeld.mapWith(Boolean).as('is_within_reach'),
    })
    .from(permissions)
    .where(sql`name in ${listOf(names)}`)
}

/** Whether all of these names, of which none is twice, are permissions that the actor holds. */
export function mayGive(actor: Actor, names: readonly string[]): SQL {
  return sql`(select count(*) from permissions where name in ${listOf(names)}
    and id in (${permissionsOf(actor)})) = ${names.length}`
}
