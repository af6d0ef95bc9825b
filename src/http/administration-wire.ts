import * as z from 'zod/mini'
import type { Page } from '../auth/administration/page'
import type { ListedAuditEvent } from '../store/audit-lists'
import type { Permission as StoredPermission } from '../store/permissions'
import type { Role as StoredRole } from '../store/roles'
import type { UserPlace } from '../store/user-lists'
import type { UserAccount } from '../store/users'
import { AuditEvent, presentAuditEvent } from './audit-wire'
import { cursorOf, pageQuery } from './cursor'
import { type Answered, answer, named } from './named'
import { Email, Name, presentUser, User } from './wire'

// What travels under /admin. Unknown fields are refused: a misspelt filter must not answer everything.

const LONGEST_ID = 64
const MOST_NAMES = 100

const Id = z.string().check(z.minLength(1), z.maxLength(LONGEST_ID))
export const IdParam = z.object({ id: Id.check(z.describe('Of the one that is meant')) })

const RoleName = z
  .string()
  .check(
    z.regex(/^[a-z][a-z0-9_-]{0,49}$/, 'must be lower-case letters, digits, - and _, 50 at most'),
  )
const PermissionName = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9_]{0,49}:[a-z][a-z0-9_]{0,49}$/, 'must be resource:action'))
const Description = z.string().check(
  z.trim(),
  z.refine((text) => [...text].length <= 200, 'must have at most 200 characters'),
  z.refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'contains an invalid character'),
  z.meta({ maxLength: 200 }),
)

const uniqueOf = (name: z.ZodMiniType<string>) =>
  z.pipe(
    z.array(name).check(z.maxLength(MOST_NAMES)),
    z.transform((names: string[]) => [...new Set(names)]),
  )
const RoleNames = uniqueOf(RoleName)
const PermissionNames = uniqueOf(PermissionName)

const Time = z.pipe(
  z.iso.datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' }),
  z.transform((text: string) => Date.parse(text)),
)

export const UserQuery = z.pipe(
  z.strictObject({
    ...pageQuery(
      z.discriminatedUnion('order', [
        z.object({ order: z.literal('created'), createdAt: z.int(), id: Id }),
        z.object({ order: z.literal('email'), email: z.string() }),
        z.object({ order: z.literal('id'), id: Id }),
      ]),
    ),
    email: z
      .optional(z.string().check(z.trim(), z.toLowerCase(), z.minLength(1), z.maxLength(320)))
      .check(z.describe('What the email begins with')),
    role: z.optional(RoleName).check(z.describe('Who hold this role')),
    status: z
      .optional(z.enum(['active', 'disabled']))
      .check(z.describe('Who may log in, or may not')),
    created_from: z.optional(Time).check(z.describe('At this time or after')),
    created_to: z.optional(Time).check(z.describe('Before this time')),
  }),
  z.transform(({ limit, cursor, email, role, status, created_from, created_to }) => ({
    limit,
    after: cursor ?? null,
    emailPrefix: email ?? null,
    role: role ?? null,
    isActive: status === undefined ? null : status === 'active',
    createdFrom: created_from ?? null,
    createdTo: created_to ?? null,
  })),
)

export const UserToCreate = named(
  'UserToCreate',
  z.strictObject({
    email: Email,
    name: z.nullish(Name),
    roles: z._default(RoleNames, ['user']),
  }),
)

export const InvitationToMail = named(
  'InvitationToMail',
  z.strictObject({ email: Email, roles: z._default(RoleNames, ['user']) }),
)

export const UserRename = named('UserRename', z.strictObject({ name: z.nullable(Name) }))
export const UserRoles = named('UserRoles', z.strictObject({ roles: RoleNames }))

export const UserList = answer('UserList', () =>
  z.object({ users: z.array(User()), next_cursor: z.nullable(z.string()) }),
)

/** Of lists by name. */
export const NameQuery = z.pipe(
  z.strictObject(pageQuery(z.string())),
  z.transform(({ limit, cursor }) => ({ limit, after: cursor ?? null })),
)

export const Role = answer('Role', () =>
  z.object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    permissions: z.array(z.string()),
    built_in: z.boolean(),
  }),
)

export const RoleList = answer('RoleList', () =>
  z.object({ roles: z.array(Role()), next_cursor: z.nullable(z.string()) }),
)

export const RoleToCreate = named(
  'RoleToCreate',
  z.strictObject({
    name: RoleName,
    description: z._default(Description, ''),
    permissions: z._default(PermissionNames, []),
  }),
)

export const RoleChange = named(
  'RoleChange',
  z.strictObject({ name: z.optional(RoleName), description: z.optional(Description) }),
)

export const RolePermissions = named(
  'RolePermissions',
  z.strictObject({ permissions: PermissionNames }),
)

export const Permission = answer('Permission', () =>
  z.object({ id: z.string(), name: z.string(), description: z.string(), built_in: z.boolean() }),
)

export const PermissionList = answer('PermissionList', () =>
  z.object({ permissions: z.array(Permission()), next_cursor: z.nullable(z.string()) }),
)

export const PermissionToCreate = named(
  'PermissionToCreate',
  z.strictObject({ name: PermissionName, description: z._default(Description, '') }),
)

export const AuditEventQuery = z.pipe(
  z.strictObject({
    ...pageQuery(z.int().check(z.positive())),
    type: z
      .optional(z.string().check(z.regex(/^[a-z_]{1,50}$/)))
      .check(z.describe('Such as `login_failed`')),
    outcome: z.optional(z.enum(['success', 'failure'])).check(z.describe('How it went')),
    user: z.optional(Id).check(z.describe('To whom it happened')),
    actor: z.optional(Id).check(z.describe('Who did it, to somebody or something else')),
    from: z.optional(Time).check(z.describe('At this time or after')),
    to: z.optional(Time).check(z.describe('Before this time')),
  }),
  z.transform(({ limit, cursor, type, outcome, user, actor, from, to }) => ({
    limit,
    after: cursor ?? null,
    type: type ?? null,
    outcome: outcome ?? null,
    userId: user ?? null,
    actorId: actor ?? null,
    from: from ?? null,
    to: to ?? null,
  })),
)

export const AuditEventList = answer('AuditEventList', () =>
  z.object({ audit_events: z.array(AuditEvent()), next_cursor: z.nullable(z.string()) }),
)

export function presentUsers(page: Page<UserAccount, UserPlace>): Answered<typeof UserList> {
  return { users: page.items.map(presentUser), next_cursor: cursorOf(page) }
}

export function presentRole({
  isBuiltIn,
  permissions,
  ...role
}: StoredRole): Answered<typeof Role> {
  return { ...role, permissions: [...permissions], built_in: isBuiltIn }
}

export function presentRoles(page: Page<StoredRole, string>): Answered<typeof RoleList> {
  return { roles: page.items.map(presentRole), next_cursor: cursorOf(page) }
}

export function presentPermission({
  isBuiltIn,
  ...permission
}: StoredPermission): Answered<typeof Permission> {
  return { ...permission, built_in: isBuiltIn }
}

export function presentPermissions(
  page: Page<StoredPermission, string>,
): Answered<typeof PermissionList> {
  return { permissions: page.items.map(presentPermission), next_cursor: cursorOf(page) }
}

export function presentAuditEvents(
  page: Page<ListedAuditEvent, number>,
): Answered<typeof AuditEventList> {
  return { audit_events: page.items.map(presentAuditEvent), next_cursor: cursorOf(page) }
}
