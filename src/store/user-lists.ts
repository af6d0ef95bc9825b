import { and, desc, type SQL, sql } from 'drizzle-orm'
import { type Actor, selectActor } from './actors'
import { type Database, runBatch } from './database'
import { userRoles, users } from './schema'
import type { Moment } from './sessions'
import { ACCOUNT } from './users'

/** Null where it is not asked for; times in milliseconds, `from` inclusive and `to` not. */
export interface UserFilter {
  readonly emailPrefix: string | null
  readonly role: string | null
  readonly isActive: boolean | null
  readonly createdFrom: number | null
  readonly createdTo: number | null
}

/** A place in the list. Each order is that of an index, so that no page is dearer than the first. */
export type UserPlace =
  | { readonly order: 'created'; readonly createdAt: number; readonly id: string }
  | { readonly order: 'email'; readonly email: string }
  | { readonly order: 'id'; readonly id: string }

interface UserQuery {
  readonly filter: UserFilter
  readonly after: UserPlace | null
  readonly limit: number
}

/** How users found by the filter are ordered: by email, by id, or the last created first. */
export function orderOf({ emailPrefix, role }: UserFilter): UserPlace['order'] {
  if (emailPrefix !== null) return 'email'
  return role === null ? 'created' : 'id'
}

/** Users that the filter holds for, and the actor that asks. `after` is a place in the order of the filter. */
export async function findUsers(db: Database, actor: Actor, query: UserQuery, moment: Moment) {
  const select = { created: selectByTime, email: selectByEmail, id: selectByRole }
  const [[state], found] = await runBatch(db, [
    selectActor(db, actor, moment),
    select[orderOf(query.filter)](db, query),
  ])
  return { actor: state, users: found }
}

function selectByTime(db: Database, { filter, after, limit }: UserQuery) {
  // The first page begins where the range ends, not at the newest of all.
  const [createdAt, id] =
    after?.order === 'created'
      ? [after.createdAt, after.id]
      : [filter.createdTo ?? Number.MAX_SAFE_INTEGER, '']
  return db
    .select(ACCOUNT)
    .from(users)
    .where(and(sql`(users.created_at, users.id) < (${createdAt}, ${id})`, ...conditions(filter)))
    .orderBy(desc(users.createdAt), desc(users.id))
    .limit(limit)
}

function selectByEmail(db: Database, { filter, after, limit }: UserQuery) {
  const { emailPrefix, role } = filter
  const end = `${emailPrefix}\u{10ffff}`
  const range =
    after?.order === 'email'
      ? sql`users.email_normalized > max(${after.email}, ${emailPrefix}) and users.email_normalized < ${end}`
      : sql`users.email_normalized >= ${emailPrefix} and users.email_normalized < ${end}`
  const holdsRole =
    role === null
      ? sql`true`
      : sql`exists (select 1 from user_roles
          where user_id = users.id and role_id = (select id from roles where name = ${role}))`
  return db
    .select(ACCOUNT)
    .from(users)
    .where(and(range, holdsRole, ...conditions(filter)))
    .orderBy(users.emailNormalized)
    .limit(limit)
}

function selectByRole(db: Database, { filter, after, limit }: UserQuery) {
  const isBefore =
    after?.order === 'id' ? sql`user_roles.user_id < ${after.id}` : sql`user_roles.user_id > ''`
  const roleId = sql`(select id from roles where name = ${filter.role})`
  return (
    db
      .select(ACCOUNT)
      .from(userRoles)
      // By nothing but the role, of which there may be few.
      .crossJoin(users)
      .where(
        and(
          sql`user_roles.role_id = ${roleId} and users.id = user_roles.user_id`,
          isBefore,
          ...conditions(filter),
        ),
      )
      .orderBy(desc(userRoles.userId))
      .limit(limit)
  )
}

// Whether the user is active stands as a literal, so that the index of the disabled ones is found: in the order by
// time. In another no index but that of the order is to be used, by which every page would read and sort all that
// the filter holds for: that is what the plus is for.
function conditions(filter: UserFilter): readonly SQL[] {
  const { isActive, createdFrom, createdTo } = filter
  const [active, createdAt] =
    orderOf(filter) === 'created'
      ? [sql`users.is_active`, sql`users.created_at`]
      : [sql`+users.is_active`, sql`+users.created_at`]
  return [
    ...(isActive === null ? [] : [isActive ? sql`${active} = 1` : sql`${active} = 0`]),
    ...(createdFrom === null ? [] : [sql`${createdAt} >= ${createdFrom}`]),
    ...(createdTo === null ? [] : [sql`${createdAt} < ${createdTo}`]),
  ]
}
