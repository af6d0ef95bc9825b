import { rows } from '../platform/records'

// What ANALYZE notes of each index, and the planner goes by: how many rows there are, and how many for one value of the
// first column, of the first two, and so on.

/** As `npm run bench:growth` found it with a million users (`statistics` in .generated/bench/growth.json). */
const MILLION: Readonly<Record<string, string>> = {
  api_keys_revoked_at: '10000 10000',
  api_keys_expires_at: '10000 10000',
  api_keys_user_id: '10000 1 1',
  sqlite_autoindex_api_keys_1: '10000 1',
  audit_events_failures: '20000 20000',
  audit_events_actor_id: '0 0 0',
  audit_events_occurred_at: '3000251 1',
  audit_events_type: '3000251 1000084 1',
  audit_events_subject_id: '3000251 4 1',
  audit_events_id_unique: '3000251 1',
  login_attempts_window_ends_at: '50214 352',
  sqlite_autoindex_login_attempts_1: '50214 1',
  one_time_tokens_email: '0 0',
  one_time_tokens_expires_at: '100000 100000',
  one_time_tokens_user_id_purpose: '100000 1 1 1',
  one_time_tokens_token_hash_unique: '100000 1',
  sqlite_autoindex_one_time_tokens_1: '100000 1',
  outbox_next_attempt_at: '1000 1000 1000',
  outbox_user_id: '1000 1 1',
  outbox_id_unique: '1000 1',
  permissions_name_unique: '7 1',
  sqlite_autoindex_permissions_1: '7 1',
  revocations_expires_at: '20000 20000',
  revocations_unpublished: '0 0',
  sqlite_autoindex_revocations_1: '20000 1',
  role_permissions_permission_id: '10 2',
  sqlite_autoindex_role_permissions_1: '10 5 1',
  roles_name_unique: '3 1',
  sqlite_autoindex_roles_1: '3 1',
  user_roles_role_id: '1000001 500001 1',
  sqlite_autoindex_user_roles_1: '1000001 1 1',
  user_sessions_expires_at: '3000251 1',
  user_sessions_unrevoked: '2800251 3 1',
  user_sessions_user_id: '3000251 4',
  sqlite_autoindex_user_sessions_1: '3000251 1',
  users_disabled: '10000 1 1',
  users_created_at: '1000000 1 1',
  users_email_normalized_unique: '1000000 1',
  sqlite_autoindex_users_1: '1000000 1',
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
