import { sql } from 'drizzle-orm'
import {
  check,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'

export const ONE_TIME_TOKEN_PURPOSES = [
  'verify_email',
  'reset_password',
  'change_email',
  'undo_email_change',
  'invitation',
] as const

export const REVOKED_REASONS = [
  'logout',
  'reuse',
  'session_limit',
  'ended_by_user',
  'ended_by_administrator',
  'password_changed',
  'password_reset',
  'email_verified',
  'user_disabled',
] as const

/** What a check of a column with a closed set of values says. */
export const isOneOf = (column: string, values: readonly string[]) =>
  sql.raw(`${column} in (${values.map((value) => `'${value}'`).join(', ')})`)

// Columns that a later migration added stand last, as they do in the table.
// Times are integer milliseconds since the epoch. Ids are UUIDv7 text made by the service, so that a
// write repeated after an ambiguous failure finds its own row.

export const users = sqliteTable(
  'users',
  {
    id: text('id').primaryKey(),
    email: text('email').notNull(),
    emailNormalized: text('email_normalized').notNull(),
    name: text('name'),
    /** Null for an account that has never had a password (an import, an invitation). */
    passwordHash: text('password_hash'),
    isActive: integer('is_active', { mode: 'boolean' }).notNull(),
    emailVerifiedAt: integer('email_verified_at'),
    /** Raised whenever every token of the user must stop counting as current. */
    authEpoch: integer('auth_epoch').notNull().default(0),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    lastLoginAt: integer('last_login_at'),
    /** When whoever reads the mail last took the account: what was known of devices and networks before says nothing. */
    recoveredAt: integer('recovered_at'),
    /** When a deletion that can still be undone is carried out; the account is disabled until then. */
    deleteAt: integer('delete_at'),
  },
  (table) => [
    uniqueIndex('users_email_normalized_unique').on(table.emailNormalized),
    index('users_created_at').on(table.createdAt, table.id),
    index('users_disabled').on(table.createdAt, table.id).where(sql`is_active = 0`),
    index('users_delete_at').on(table.deleteAt).where(sql`delete_at is not null`),
    check('users_is_active_boolean', sql`is_active in (0, 1)`),
    check('users_auth_epoch_not_negative', sql`auth_epoch >= 0`),
  ],
)

export const roles = sqliteTable(
  'roles',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    description: text('description').notNull(),
  },
  (table) => [uniqueIndex('roles_name_unique').on(table.name)],
)

export const permissions = sqliteTable(
  'permissions',
  {
    id: text('id').primaryKey(),
    /** `resource:action`. */
    name: text('name').notNull(),
    description: text('description').notNull(),
  },
  (table) => [uniqueIndex('permissions_name_unique').on(table.name)],
)

export const rolePermissions = sqliteTable(
  'role_permissions',
  {
    roleId: text('role_id')
      .notNull()
      .references(() => roles.id, { onDelete: 'cascade' }),
    permissionId: text('permission_id')
      .notNull()
      .references(() => permissions.id, { onDelete: 'cascade' }),
  },
  (table) => [
    primaryKey({ columns: [table.roleId, table.permissionId] }),
    index('role_permissions_permission_id').on(table.permissionId),
  ],
)

export const userRoles = sqliteTable(
  'user_roles',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    roleId: text('role_id')
      .notNull()
      .references(() => roles.id, { onDelete: 'restrict' }),
    /** The administrator who granted it; null when the service did (signup). Not a foreign key: the grant outlives them. */
    grantedBy: text('granted_by'),
    grantedAt: integer('granted_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.roleId] }),
    index('user_roles_role_id').on(table.roleId, table.userId),
  ],
)

// No index on the token hashes or on last_used_at: each would be one more write for every refresh.
export const userSessions = sqliteTable(
  'user_sessions',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    refreshTokenHash: text('refresh_token_hash').notNull(),
    previousRefreshTokenHash: text('previous_refresh_token_hash'),
    issuedAt: integer('issued_at').notNull(),
    rotatedAt: integer('rotated_at'),
    lastUsedAt: integer('last_used_at').notNull(),
    /** The absolute end; it never moves. */
    expiresAt: integer('expires_at').notNull(),
    userAgent: text('user_agent'),
    ip: text('ip'),
    network: text('network'),
    revokedAt: integer('revoked_at'),
    revokedReason: text('revoked_reason', { enum: REVOKED_REASONS }),
    /** When its user last showed that it is them; null where that is when it began. */
    authenticatedAt: integer('authenticated_at'),
    /** Access tokens of a lower epoch are copies from before the last authentication. */
    leastEpoch: integer('least_epoch').notNull().default(0),
    /** JSON: the other networks that were answered inside the window, each `{network, ip, at}`; null for none. */
    otherNetworks: text('other_networks'),
    /** When the previous refresh token was made, and with that the one before it superseded; null where that is not known. */
    previousIssuedAt: integer('previous_issued_at'),
    /** The nonce of the request that rotated last, by which a batch that runs again recognises its own rotation. */
    rotatedBy: text('rotated_by'),
  },
  (table) => [
    index('user_sessions_user_id').on(table.userId),
    // What has ended stays until its absolute end: a list or a login must not read it all.
    index('user_sessions_unrevoked')
      .on(table.userId, table.issuedAt)
      .where(sql`revoked_at is null`),
    index('user_sessions_expires_at').on(table.expiresAt),
    check('user_sessions_revoked_reason_known', isOneOf('revoked_reason', REVOKED_REASONS)),
    check(
      'user_sessions_revoked_with_reason',
      sql`(revoked_at is null) = (revoked_reason is null)`,
    ),
    check(
      'user_sessions_rotated_with_previous',
      sql`(rotated_at is null) = (previous_refresh_token_hash is null)`,
    ),
  ],
)

export const oneTimeTokens = sqliteTable(
  'one_time_tokens',
  {
    id: text('id').primaryKey(),
    /** Null for an invitation: there is nobody yet. */
    userId: text('user_id').references(() => users.id, { onDelete: 'cascade' }),
    purpose: text('purpose', { enum: ONE_TIME_TOKEN_PURPOSES }).notNull(),
    /** The address that it was sent to, and that it is about. */
    email: text('email').notNull(),
    /** JSON: what an invitation gives. */
    roles: text('roles'),
    /** Who invited, and must still be able to give it when it is redeemed. */
    invitedBy: text('invited_by'),
    /** Which secret the token was made from, so that it can be made again for its mail. */
    keyId: text('key_id').notNull(),
    tokenHash: text('token_hash').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    usedAt: integer('used_at'),
    /** The nonce of the request that used it, by which the rest of its batch recognises itself. */
    usedBy: text('used_by'),
    /** When it was last mailed; null where that is when it was made. */
    mailedAt: integer('mailed_at'),
  },
  (table) => [
    uniqueIndex('one_time_tokens_token_hash_unique').on(table.tokenHash),
    index('one_time_tokens_user_id_purpose').on(table.userId, table.purpose, table.createdAt),
    index('one_time_tokens_expires_at').on(table.expiresAt),
    // Those that are looked for by address, which is ASCII.
    index('one_time_tokens_email')
      .on(sql`lower(email)`)
      .where(sql`purpose in ('invitation', 'undo_email_change')`),
    check('one_time_tokens_purpose_known', isOneOf('purpose', ONE_TIME_TOKEN_PURPOSES)),
    check(
      'one_time_tokens_user_unless_invitation',
      sql`(user_id is null) = (purpose = 'invitation')`,
    ),
    check('one_time_tokens_used_by_someone', sql`(used_at is null) = (used_by is null)`),
  ],
)

export const loginAttempts = sqliteTable(
  'login_attempts',
  {
    /** A keyed hash of email and network, of email, or of network: the table names nobody. */
    key: text('key').primaryKey(),
    /** Those that failed, and those whose password is being checked. */
    failures: integer('failures').notNull(),
    lastAttemptedAt: integer('last_attempted_at').notNull(),
    /** The nonce of the request that counted last, by which the rest of its batch recognises itself. */
    lastAttemptId: text('last_attempt_id').notNull(),
    /** When counting begins anew. */
    windowEndsAt: integer('window_ends_at').notNull(),
  },
  (table) => [
    index('login_attempts_window_ends_at').on(table.windowEndsAt),
    check('login_attempts_failures_not_negative', sql`failures >= 0`),
  ],
)

// What Workers KV is to be told. No foreign key: the marker outlives the session and the user.
export const revocations = sqliteTable(
  'revocations',
  {
    key: text('key').primaryKey(),
    value: text('value').notNull(),
    expiresAt: integer('expires_at').notNull(),
    publishedAt: integer('published_at'),
  },
  (table) => [
    index('revocations_unpublished').on(table.expiresAt).where(sql`published_at is null`),
    index('revocations_expires_at').on(table.expiresAt),
  ],
)
