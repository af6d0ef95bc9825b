import { eq, type SQL, sql } from 'drizzle-orm'
import { type Actor, permissionsOf, selectActor } from './actors'
import { type Database, runBatch } from './database'
import { roles } from './schema'
import type { Moment } from './sessions'
import { listOf, parseNames } from './users'

/** Everybody who signs up holds this one. */
export const FIRST_ROLE = 'user'
/** Holds every permission there is, and somebody active always holds it. */
export const ADMIN_ROLE = 'admin'
const BUILT_IN_ROLES = [FIRST_ROLE, 'analyst', ADMIN_ROLE]

/** Those that come with the service keep their names and stay. */
export const isBuiltIn = sql`roles.name in ${BUILT_IN_ROLES}`

const PERMISSIONS = sql`(
  select json_group_array(name) from (
    select permissions.name from role_permissions
    join permissions on permissions.id = role_permissions.permission_id
    where role_permissions.role_id = roles.id order by permissions.name))`

const ROLE = {
  id: roles.id,
  name: roles.name,
  description: roles.description,
  isBuiltIn: isBuiltIn.mapWith(Boolean).as('is_built_in'),
  permissions: PERMISSIONS.mapWith(parseNames).as('permissions'),
}

export type Role = Awaited<ReturnType<typeof selectRole>>[number]

/** A statement that reads one role, or none. */
export function selectRole(db: Database, id: string) {
  return db.select(ROLE).from(roles).where(eq(roles.id, id))
}

/** A page of roles, by name, and the actor that asks. */
export async function findRoles(
  db: Database,
  actor: Actor,
  { after, limit }: { after: string; limit: number },
  moment: Moment,
) {
  const [[state], found] = await runBatch(db, [
    selectActor(db, actor, moment),
    db.select(ROLE).from(roles).where(sql`roles.name > ${after}`).orderBy(roles.name).limit(limit),
  ])
  return { actor: state, roles: found }
}

/** Whether a role gives nothing that the actor lacks: else it is not theirs to grant or change. */
export const isRoleWithinReach = (actor: Actor): SQL => sql`not exists (
  select permission_id from role_permissions where role_id = roles.id
  except ${permissionsOf(actor)})`

/** Whether what a role gives is the actor's to set: of the role that everybody has, the admins' alone. */
export function isFilledBy(actor: Actor): SQL {
  const isAdmin = sql`exists (select 1 from user_roles join roles as held on held.id = user_roles.role_id
    where user_roles.user_id = ${actor.userId} and held.name = ${ADMIN_ROLE})`
  return sql`(roles.name <> ${FIRST_ROLE} or ${isAdmin})`
}

/** A statement that reads which of these names are roles, and which of them the actor may grant. */
export function selectGrantable(db: Database, actor: Actor, names: readonly string[]) {
  return db
    .select({
      name: roles.name,
      isWithinReach: isRoleWithinReach(actor).mapWith(Boolean).as('is_within_reach'),
    })
    .from(roles)
    .where(sql`name in ${listOf(names)}`)
}

/** Whether all of these names, of which none is twice, are roles that the actor may grant. */
export function mayGrant(actor: Actor, names: readonly string[]): SQL {
  return sql`(select count(*) from roles
    where name in ${listOf(names)} and ${isRoleWithinReach(actor)}) = ${names.length}`
}
