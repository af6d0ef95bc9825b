import { rows } from '../platform/records'

// What ANALYZE notes of each index, and the planner goes by: how many rows there are, and how many for one value of the
// first column, of the first two, and so on.

/** As `npm run bench:growth` finds it with a million users. */
const MILLION: Readonly<Record<string, string>> = {
  sqlite_autoindex_users_1: '1000000 1',
  users_email_normalized_unique: '1000000 1',
  users_created_at: '1000000 1 1',
  users_disabled: '10000 1 1',
  sqlite_autoindex_user_roles_1: '1000000 1 1',
  user_roles_role_id: '1000000 500000 1',
  sqlite_autoindex_user_sessions_1: '3000000 1',
  user_sessions_user_id: '3000000 3',
  user_sessions_unrevoked: '2700000 3 1',
  user_sessions_expires_at: '3000000 1',
  audit_events_id_unique: '3000000 1',
  audit_events_subject_id: '3000000 3 1',
  audit_events_type: '3000000 1000000 1',
  audit_events_actor_id: '1000 100 1',
  audit_events_occurred_at: '3000000 1',
  audit_events_failures: '30000 30000',
}

/** Of a young service: that many rows in every table. */
const HUNDRED = 100

export async function forgetStatistics(): Promise<void> {
  // Else there is no table of them.
  await rows('analyze')
  await rows('delete from sqlite_stat1')
  await rows('analyze sqlite_schema')
}

export async function planStatistics(size: 'hundred' | 'million'): Promise<void> {
  await forgetStatistics()
  const indexes = await rows(
    `select name, tbl_name as "table", (select count(*) from pragma_index_info(sqlite_master.name)) as columns
      from sqlite_master where type = 'index' and tbl_name not like '\\_cf%' escape '\\'`,
  )
  for (const { name, table, columns } of indexes) {
    const unique = Array(Number(columns)).fill('1')
    const statistics =
      (size === 'million' && MILLION[String(name)]) || [HUNDRED, ...unique].join(' ')
    await rows('insert into sqlite_stat1 values (?, ?, ?)', table, name, statistics)
  }
  await rows('analyze sqlite_schema')
}
