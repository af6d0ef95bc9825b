import { sql } from 'drizzle-orm'
import { check, index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { users } from './schema'

/** Keys by which machines act for a user. The key itself is nowhere. */
export const apiKeys = sqliteTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    /** JSON: the names of what it may, as far as its user may. */
    permissions: text('permissions').notNull(),
    /** Under a pepper, whose version it names. */
    secretHash: text('secret_hash').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at'),
    lastUsedAt: integer('last_used_at'),
    revokedAt: integer('revoked_at'),
  },
  (table) => [
    index('api_keys_user_id').on(table.userId, table.createdAt),
    index('api_keys_expires_at').on(table.expiresAt),
    index('api_keys_revoked_at').on(table.revokedAt),
    check('api_keys_permissions_list', sql`json_type(permissions) = 'array'`),
  ],
)
