import { is, type SQL } from 'drizzle-orm'
import { getTableConfig, SQLiteSyncDialect, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import * as apiKeySchema from '../../src/store/api-key-schema'
import * as auditSchema from '../../src/store/audit-schema'
import * as mailSchema from '../../src/store/mail-schema'
import * as mainSchema from '../../src/store/schema'
import { row, rows } from '../platform/records'

// schema.ts and the migrations must say the same: everything declared in one is looked up in the
// database that the other made.

const tables = Object.values<unknown>({
  ...mainSchema,
  ...auditSchema,
  ...apiKeySchema,
  ...mailSchema,
}).flatMap((value) => (is(value, SQLiteTable) ? [getTableConfig(value)] : []))

const dialect = new SQLiteSyncDialect()

test('there are no other tables', async () => {
  const found = await rows(
    `select name from sqlite_master where type = 'table'
      and name not like 'sqlite_%' and name not like '_cf_%' and name <> 'd1_migrations'`,
  )
  expect(new Set(found.map(({ name }) => name))).toEqual(new Set(tables.map(({ name }) => name)))
})

describe.each(tables)('$name', ({ name, columns, indexes, checks, foreignKeys, primaryKeys }) => {
  test('has the same columns', async () => {
    const composite = primaryKeys.flatMap((key) => key.columns.map((column) => column.name))
    const declared = columns.map((column) => ({
      name: column.name,
      type: column.getSQLType(),
      notnull: column.notNull ? 1 : 0,
      isKey: column.primary || composite.includes(column.name),
    }))
    const found = await rows(`pragma table_info(${name})`)
    const actual = found.map((column) => ({
      name: column['name'],
      type: String(column['type']).toLowerCase(),
      notnull: column['notnull'],
      isKey: Number(column['pk']) > 0,
    }))
    expect(actual).toEqual(declared)
  })

  test('has the same indexes', async () => {
    const found = await rows(
      `select name, sql from sqlite_master where type = 'index' and tbl_name = ? and sql is not null`,
      name,
    )
    const declared = indexes.map(({ config }) => config)
    expect(new Set(found.map((index) => index['name']))).toEqual(
      new Set(declared.map((index) => index.name)),
    )
    for (const index of declared) {
      const sql = String(found.find((one) => one['name'] === index.name)?.['sql'])
      expect(/^CREATE UNIQUE/.test(sql), index.name).toBe(index.unique)
      const indexed = index.columns.map((column) =>
        'name' in column ? `\`${column.name}\`` : dialect.sqlToQuery(column as SQL).sql,
      )
      expect(sql).toContain(`(${indexed.join(',')})`)
      if (index.where) expect(sql).toContain(`WHERE ${dialect.sqlToQuery(index.where).sql}`)
    }
  })

  test('has the same checks and foreign keys', async () => {
    const { sql } = await row(`select sql from sqlite_master where name = ?`, name)
    const declared = checks.map(
      (check) => `CONSTRAINT "${check.name}" CHECK(${dialect.sqlToQuery(check.value).sql})`,
    )
    for (const check of declared) expect(sql).toContain(check)
    expect(String(sql).match(/CONSTRAINT "/g) ?? []).toHaveLength(declared.length)

    const found = await rows(`pragma foreign_key_list(${name})`)
    const actual = found.map((key) => `${key['from']} ${key['table']} ${key['on_delete']}`)
    const keys = foreignKeys.map((key) => {
      const { columns: from, foreignTable } = key.reference()
      const target = getTableConfig(foreignTable).name
      return `${from[0]?.name} ${target} ${key.onDelete?.toUpperCase()}`
    })
    expect(new Set(actual)).toEqual(new Set(keys))
  })
})

test('a closed set is closed in the database too', async () => {
  const refused: Record<string, string> = {
    users_is_active_boolean: `insert into users (id, email, email_normalized, is_active, created_at, updated_at)
      values ('check', 'check', 'check', 2, 0, 0)`,
    audit_events_outcome_known: `insert into audit_events (id, occurred_at, type, outcome, personal_digest)
      values ('check', 0, 'x', 'maybe', 'x')`,
    login_attempts_failures_not_negative: `insert into login_attempts values ('check', -1, 0, 'x', 0)`,
  }
  for (const [check, statement] of Object.entries(refused)) {
    await expect(rows(statement), check).rejects.toThrow(check)
  }
})

test('the built-in roles hold their permissions', async () => {
  const found = await rows(
    `select roles.name as role, group_concat(permissions.name, ' ' order by permissions.name) as held
      from roles left join role_permissions on role_id = roles.id
      left join permissions on permissions.id = permission_id group by roles.name`,
  )
  expect(found).toEqual([
    {
      role: 'admin',
      held: 'audit_events:read roles:read roles:write tokens:introspect tokens:revoke users:read users:write',
    },
    { role: 'analyst', held: 'audit_events:read roles:read users:read' },
    { role: 'user', held: null },
  ])
})
