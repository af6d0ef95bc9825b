import { type SQL, sql } from 'drizzle-orm'
import { isUsable } from './api-keys'
import { type Database, runBatch } from './database'
import { callerLives, type Moment } from './sessions'

/** Who asks for something that not everybody may: a session or an API key, and what its user has to hold. */
export type Actor = Credential & {
  readonly userId: string
  readonly requires:
    | { readonly permission: string }
    /** Any one of them; an API key has none. */
    | { readonly roles: readonly string[] }
}

type Credential =
  | { readonly sessionId: string; readonly epoch: number; readonly apiKeyId?: never }
  | { readonly sessionId: null; readonly apiKeyId: string }

export type ActorState = Awaited<ReturnType<typeof selectActor>>[number]

/** A statement that reads whether the actor's credential lives and their user holds what is required. */
export function selectActor(db: Database, actor: Actor, moment: Moment) {
  const lastUsedAt =
    actor.sessionId === null
      ? sql`(select last_used_at from api_keys where id = ${actor.apiKeyId})`
      : sql`(select last_used_at from user_sessions where id = ${actor.sessionId})`
  return db
    .select({
      lastUsedAt: sql<number>`coalesce(${lastUsedAt}, 0)`.as('last_used_at'),
      isLive: lives(actor, moment).mapWith(Boolean).as('is_live'),
      isPermitted: holdsRequired(actor).mapWith(Boolean).as('is_permitted'),
    })
    .from(sql`(select 1)`)
}

export async function findActor(db: Database, actor: Actor, moment: Moment) {
  const [[state]] = await runBatch(db, [selectActor(db, actor, moment)])
  return state
}

/** The guard of everything an actor changes: their credential lives and they hold what is required, now. */
export function mayAct(actor: Actor, moment: Moment): SQL {
  return sql`(${lives(actor, moment)} and ${holdsRequired(actor)})`
}

function lives(actor: Actor, moment: Moment): SQL {
  return actor.sessionId === null
    ? sql`exists (select 1 from api_keys where id = ${actor.apiKeyId} and ${isUsable(moment)})`
    : callerLives(actor, moment)
}

/** The ids of the permissions that an actor holds: those of their user, and with a key only what it was made for. */
export function permissionsOf({
  userId,
  apiKeyId,
}: {
  readonly userId: string | SQL
  readonly apiKeyId?: string | undefined
}): SQL {
  const held = sql`select role_permissions.permission_id from user_roles
    join role_permissions on role_permissions.role_id = user_roles.role_id
    where user_roles.user_id = ${userId}`
  if (apiKeyId === undefined) return held
  return sql`${held} and role_permissions.permission_id in (
    select permissions.id from permissions where permissions.name in (
      select value from json_each((select permissions from api_keys where id = ${apiKeyId}))))`
}

function holdsRequired(actor: Actor): SQL {
  const { userId, apiKeyId, requires } = actor
  if ('permission' in requires) {
    return sql`exists (select 1 from permissions
        where name = ${requires.permission} and id in (${permissionsOf(actor)}))`
  }
  if (apiKeyId !== undefined) return sql`false`
  return sql`exists (select 1 from user_roles join roles on roles.id = user_roles.role_id
    where user_roles.user_id = ${userId} and roles.name in ${requires.roles})`
}
