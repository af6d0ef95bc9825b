import { eq, type SQL, sql } from 'drizzle-orm'
import { type Database, runBatch } from './database'
import { userSessions } from './schema'
import { isLive, type Moment } from './sessions'

/** Who asks for something that not everybody may: a session, and what its user has to hold. */
export interface Actor {
  readonly sessionId: string
  readonly userId: string
  readonly requires:
    | { readonly permission: string }
    /** Any one of them. */
    | { readonly roles: readonly string[] }
}

export type ActorState = Awaited<ReturnType<typeof selectActor>>[number]

/** A statement that reads whether the actor's session lives and their user holds what is required. */
export function selectActor(db: Database, actor: Actor, moment: Moment) {
  return db
    .select({
      lastUsedAt: userSessions.lastUsedAt,
      isLive: isLive(moment).mapWith(Boolean).as('is_live'),
      isPermitted: holdsRequired(actor).mapWith(Boolean).as('is_permitted'),
    })
    .from(userSessions)
    .where(eq(userSessions.id, actor.sessionId))
}

export async function findActor(db: Database, actor: Actor, moment: Moment) {
  const [[state]] = await runBatch(db, [selectActor(db, actor, moment)])
  return state
}

/** The guard of everything an actor changes: their session lives and they hold what is required, now. */
export function mayAct(actor: Actor, moment: Moment): SQL {
  return sql`(exists (select 1 from user_sessions where id = ${actor.sessionId} and ${isLive(moment)})
    and ${holdsRequired(actor)})`
}

/** The ids of the permissions that a user holds. */
export function permissionsOf(userId: string): SQL {
  return sql`select role_permissions.permission_id from user_roles
    join role_permissions on role_permissions.role_id = user_roles.role_id
    where user_roles.user_id = ${userId}`
}

function holdsRequired({ userId, requires }: Actor): SQL {
  return 'permission' in requires
    ? sql`exists (select 1 from permissions
        where name = ${requires.permission} and id in (${permissionsOf(userId)}))`
    : sql`exists (select 1 from user_roles join roles on roles.id = user_roles.role_id
        where user_roles.user_id = ${userId} and roles.name in ${requires.roles})`
}
