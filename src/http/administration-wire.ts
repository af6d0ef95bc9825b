import * as z from 'zod'
import type { Page } from '../auth/administration/page'
import type { ListedAuditEvent } from '../store/audit-lists'
import type { Permission as StoredPermission } from '../store/permissions'
import type { Role as StoredRole } from '../store/roles'
import type { UserPlace } from '../store/user-lists'
import type { UserAccount } from '../store/users'
import { cursorOf, pageQuery } from './cursor'
import { Email, isoTime, Name, Password, presentUser, User } from './wire'

// What travels under /admin. Unknown fields are refused: a misspelt filter must not answer everything.

const LONGEST_ID = 64
const MOST_NAMES = 100

const Id = z.string().min(1).max(LONGEST_ID)
export const IdParam = z.object({ id: Id.describe('Of the one that is meant') })

const RoleName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,49}$/, 'must be lower-case letters, digits, - and _, 50 at most')
const PermissionName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,49}:[a-z][a-z0-9_]{0,49}$/, 'must be resource:action')
const Description = z
  .string()
  .trim()
  .refine((text) => [...text].length <= 200, 'must have at most 200 characters')
  .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'contains an invalid character')
  .meta({ maxLength: 200 })

const unique = (names: string[]) => [...new Set(names)]
const RoleNames = z.array(RoleName).max(MOST_NAMES).transform(unique)
const PermissionNames = z.array(PermissionName).max(MOST_NAMES).transform(unique)

const Time = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' })
  .transform((text) => Date.parse(text))

export const UserQuery = z
  .strictObject({
    ...pageQuery(
      z.discriminatedUnion('order', [
        z.object({ order: z.literal('created'), createdAt: z.int(), id: Id }),
        z.object({ order: z.literal('email'), email: z.string() }),
        z.object({ order: z.literal('id'), id: Id }),
      ]),
    ),
    email: z
      .string()
      .trim()
      .toLowerCase()
      .min(1)
      .max(320)
      .optional()
      .describe('What the email begins with'),
    role: RoleName.optional().describe('Who hold this role'),
    status: z.enum(['active', 'disabled']).optional().describe('Who may log in, or may not'),
    created_from: Time.optional().describe('At this time or after'),
    created_to: Time.optional().describe('Before this time'),
  })
  .transform(({ limit, cursor, email, role, status, created_from, created_to }) => ({
    limit,
    after: cursor ?? null,
    emailPrefix: email ?? null,
    role: role ?? null,
    isActive: status === undefined ? null : status === 'active',
    createdFrom: created_from ?? null,
    createdTo: created_to ?? null,
  }))

export const UserToCreate = z
  .strictObject({
    email: Email,
    password: Password.nullish().describe('Without one, they have to set it before they log in'),
    name: Name.nullish(),
    roles: RoleNames.default(['user']),
  })
  .meta({ id: 'UserToCreate' })

export const InvitationToMail = z
  .strictObject({ email: Email, roles: RoleNames.default(['user']) })
  .meta({ id: 'InvitationToMail' })

export const UserRename = z.strictObject({ name: Name.nullable() }).meta({ id: 'UserRename' })
export const UserRoles = z.strictObject({ roles: RoleNames }).meta({ id: 'UserRoles' })

export const UserList = z
  .object({ users: z.array(User), next_cursor: z.string().nullable() })
  .meta({ id: 'UserList' })

/** Of lists by name. */
export const NameQuery = z
  .strictObject(pageQuery(z.string()))
  .transform(({ limit, cursor }) => ({ limit, after: cursor ?? null }))

export const Role = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    permissions: z.array(z.string()),
    built_in: z.boolean(),
  })
  .meta({ id: 'Role' })

export const RoleList = z
  .object({ roles: z.array(Role), next_cursor: z.string().nullable() })
  .meta({ id: 'RoleList' })

export const RoleToCreate = z
  .strictObject({
    name: RoleName,
    description: Description.default(''),
    permissions: PermissionNames.default([]),
  })
  .meta({ id: 'RoleToCreate' })

export const RoleChange = z
  .strictObject({ name: RoleName.optional(), description: Description.optional() })
  .meta({ id: 'RoleChange' })

export const RolePermissions = z
  .strictObject({ permissions: PermissionNames })
  .meta({ id: 'RolePermissions' })

export const Permission = z
  .object({ id: z.string(), name: z.string(), description: z.string(), built_in: z.boolean() })
  .meta({ id: 'Permission' })

export const PermissionList = z
  .object({ permissions: z.array(Permission), next_cursor: z.string().nullable() })
  .meta({ id: 'PermissionList' })

export const PermissionToCreate = z
  .strictObject({ name: PermissionName, description: Description.default('') })
  .meta({ id: 'PermissionToCreate' })

export const AuditEventQuery = z
  .strictObject({
    ...pageQuery(z.int().positive()),
    type: z
      .string()
      .regex(/^[a-z_]{1,50}$/)
      .optional()
      .describe('Such as `login_failed`'),
    outcome: z.enum(['success', 'failure']).optional().describe('How it went'),
    user: Id.optional().describe('To whom it happened'),
    actor: Id.optional().describe('Who did it, to somebody or something else'),
    from: Time.optional().describe('At this time or after'),
    to: Time.optional().describe('Before this time'),
  })
  .transform(({ limit, cursor, type, outcome, user, actor, from, to }) => ({
    limit,
    after: cursor ?? null,
    type: type ?? null,
    outcome: outcome ?? null,
    userId: user ?? null,
    actorId: actor ?? null,
    from: from ?? null,
    to: to ?? null,
  }))

const Personal = z.object({
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  detail: z.record(z.string(), z.string()),
})

export const AuditEvent = z
  .object({
    seq: z.int(),
    id: z.string(),
    occurred_at: z.iso.datetime(),
    type: z.string(),
    outcome: z.enum(['success', 'failure']),
    actor_id: z.string().nullable(),
    subject_id: z.string().nullable(),
    session_id: z.string().nullable(),
    request_id: z.string().nullable(),
    personal: Personal.nullable().describe('Null where it has been erased'),
  })
  .meta({ id: 'AuditEvent' })

export const AuditEventList = z
  .object({ audit_events: z.array(AuditEvent), next_cursor: z.string().nullable() })
  .meta({ id: 'AuditEventList' })

export function presentUsers(page: Page<UserAccount, UserPlace>): z.infer<typeof UserList> {
  return { users: page.items.map(presentUser), next_cursor: cursorOf(page) }
}

export function presentRole({ isBuiltIn, permissions, ...role }: StoredRole): z.infer<typeof Role> {
  return { ...role, permissions: [...permissions], built_in: isBuiltIn }
}

export function presentRoles(page: Page<StoredRole, string>): z.infer<typeof RoleList> {
  return { roles: page.items.map(presentRole), next_cursor: cursorOf(page) }
}

export function presentPermission({
  isBuiltIn,
  ...permission
}: StoredPermission): z.infer<typeof Permission> {
  return { ...permission, built_in: isBuiltIn }
}

export function presentPermissions(
  page: Page<StoredPermission, string>,
): z.infer<typeof PermissionList> {
  return { permissions: page.items.map(presentPermission), next_cursor: cursorOf(page) }
}

export function presentAuditEvents(
  page: Page<ListedAuditEvent, number>,
): z.infer<typeof AuditEventList> {
  return { audit_events: page.items.map(presentAuditEvent), next_cursor: cursorOf(page) }
}

export function presentAuditEvent(event: ListedAuditEvent): z.infer<typeof AuditEvent> {
  return {
    seq: event.seq,
    id: event.id,
    occurred_at: isoTime(event.occurredAt),
    type: event.type,
    outcome: event.outcome,
    actor_id: event.actorId,
    subject_id: event.subjectId,
    session_id: event.sessionId,
    request_id: event.requestId,
    personal: event.personal === null ? null : presentPersonal(event.personal),
  }
}

// Somebody may have changed the row past the service: that must not hide the others.
function presentPersonal(json: string): z.infer<typeof Personal> {
  try {
    return Personal.parse(JSON.parse(json))
  } catch {
    return { ip: null, user_agent: null, detail: { unreadable: json } }
  }
}
