import { eq, type SQL, sql } from 'drizzle-orm'
import { type Database, runBatch } from './database'
import { userRoles, users } from './schema'

/** A user as others may see them, with what they hold at this moment; never the password hash. */
export interface UserAccount {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly isActive: boolean
  readonly emailVerifiedAt: number | null
  readonly authEpoch: number
  readonly createdAt: number
  readonly lastLoginAt: number | null
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
}

export type NewUser = typeof users.$inferInsert

// One JSON column each, so that an account is one row: a joined select in a batch would lose columns.
const ROLES = sql`(
  select json_group_array(name) from (
    select roles.name from user_roles join roles on roles.id = user_roles.role_id
    where user_roles.user_id = users.id order by roles.name))`
const PERMISSIONS = sql`(
  select json_group_array(name) from (
    select distinct permissions.name from user_roles
    join role_permissions on role_permissions.role_id = user_roles.role_id
    join permissions on permissions.id = role_permissions.permission_id
    where user_roles.user_id = users.id order by permissions.name))`

export const parseNames = (json: string): readonly string[] => JSON.parse(json)

export const ACCOUNT = {
  id: users.id,
  email: users.email,
  name: users.name,
  isActive: users.isActive,
  emailVerifiedAt: users.emailVerifiedAt,
  authEpoch: users.authEpoch,
  createdAt: users.createdAt,
  lastLoginAt: users.lastLoginAt,
  roles: ROLES.mapWith(parseNames).as('roles'),
  permissions: PERMISSIONS.mapWith(parseNames).as('permissions'),
}

/** A statement that reads the accounts that the condition holds for. */
export function selectAccounts(db: Database, condition: SQL) {
  return db.select(ACCOUNT).from(users).where(condition)
}

/** A statement that reads one account, or none. */
export function selectAccount(db: Database, condition: SQL) {
  return selectAccounts(db, condition).limit(1)
}

export function userExists(id: string): SQL {
  return sql`exists (select 1 from users where id = ${id})`
}

/** A statement that grants the roles of these names that exist, where the condition holds. */
export function grantRolesWhere(
  db: Database,
  { userId, names, grantedBy, now }: RoleGrant,
  condition: SQL,
) {
  return db
    .insert(userRoles)
    .select(
      sql`select ${userId}, id, ${grantedBy}, ${now} from roles
        where name in ${listOf(names)} and ${condition}`,
    )
    .onConflictDoNothing()
}

export interface RoleGrant {
  readonly userId: string
  readonly names: readonly string[]
  readonly grantedBy: string | null
  readonly now: number
}

/** One parameter however many there are, so that the statement stays the same. */
export function listOf(texts: readonly string[]): SQL {
  return jsonListOf(JSON.stringify(texts))
}

/** The same of a JSON array. */
export function jsonListOf(json: string): SQL {
  return sql`(select value from json_each(${json}))`
}

/** The account with this id or this email, whichever a token of the replaced system names. */
export async function findAccountBySubject(db: Database, id: string, emailNormalized: string) {
  const condition = sql`id = ${id} or email_normalized = ${emailNormalized}`
  const [[account]] = await runBatch(db, [selectAccount(db, condition)])
  return account ?? null
}

/** The accounts with these ids, those that there are. */
export async function findAccounts(db: Database, ids: readonly string[]) {
  const [accounts] = await runBatch(db, [selectAccounts(db, sql`id in ${listOf(ids)}`)])
  return accounts
}

/** What login needs to know of the user with this email, before any verdict. */
export async function findCredential(db: Database, emailNormalized: string) {
  const [[credential]] = await runBatch(db, [selectCredential(db, emailNormalized)])
  return credential ?? null
}

export function selectCredential(db: Database, emailNormalized: string) {
  return db
    .select({ userId: users.id, passwordHash: users.passwordHash })
    .from(users)
    .where(eq(users.emailNormalized, emailNormalized))
    .limit(1)
}
