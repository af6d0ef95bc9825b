// What is wrong with a query plan, as SQLite describes it. What stands in no list here is a fault: a table that is new
// or a way to read one that nobody has thought about.

/** A line of EXPLAIN QUERY PLAN. */
export interface PlanLine {
  readonly id: number
  readonly parent: number
  readonly detail: string
}

/** Constants, what a parameter lists, what another line of the plan has found; and tables of a few rows, written by hand. */
const SMALL =
  /^(?:SCAN CONSTANT ROW|SCAN \(subquery-\d+\)|(?:SCAN|SEARCH) (?:json_each|counter) VIRTUAL TABLE|(?:SCAN|SEARCH) (?:roles|permissions|role_permissions)\b)/

/** One row, or those of one person. `<expr>` is the address of a link. */
const OF_ONE =
  /^SEARCH .*\((?:\w+=\? AND )*(?:id|rowid|key|email_normalized|token_hash|head|<expr>|name|user_id|subject_id|actor_id)=\?/

/** What waits for the job or has to be looked at by it, which does not grow with the users. */
const WAITING = [
  'api_keys_expires_at (expires_at<?)',
  'api_keys_revoked_at (revoked_at<?)',
  'login_attempts_window_ends_at (window_ends_at<?)',
  'mail_limits_window_ends_at (window_ends_at<?)',
  'mail_requests_requested_at (requested_at<?)',
  'mail_requests_unsettled (requested_at<?)',
  'one_time_tokens_expires_at (expires_at<?)',
  'departures_erase_at (erase_at<?)',
  'users_delete_at (delete_at<?)',
  'revocations_expires_at (expires_at<?)',
  'revocations_unpublished (expires_at>?)',
  'user_sessions_expires_at (expires_at<?)',
  'outbox_next_attempt_at (channel=? AND next_attempt_at<?)',
]

/** Read in the order of the index until there is enough: a sort would have to read all first. */
const IN_ORDER = [
  // The lists of users: by time, by email, by role.
  'users_created_at ((created_at,id)<(?,?))',
  'users_created_at (created_at>? AND (created_at,id)<(?,?))',
  'users_disabled ((created_at,id)<(?,?))',
  'users_disabled (created_at>? AND (created_at,id)<(?,?))',
  'users_email_normalized_unique (email_normalized>? AND email_normalized<?)',
  'user_roles_role_id (role_id=? AND user_id<?)',
  'user_roles_role_id (role_id=? AND user_id>?)',
  // Whether anybody holds the role, and whether there is another admin.
  'user_roles_role_id (role_id=?)',
  // The audit trail, from a place on or between two.
  'INTEGER PRIMARY KEY (rowid<?)',
  'INTEGER PRIMARY KEY (rowid>?)',
  'INTEGER PRIMARY KEY (rowid>? AND rowid<?)',
  'audit_events_type (type=? AND seq<?)',
  'audit_events_type (type=? AND seq>? AND seq<?)',
  'audit_events_failures (outcome=? AND rowid<?)',
  'audit_events_failures (outcome=? AND rowid>? AND rowid<?)',
  // What is pruned, type by type.
  'audit_events_type (ANY(type) AND seq<?)',
  // The event next to a time.
  'audit_events_occurred_at (occurred_at<?)',
  'audit_events_occurred_at (occurred_at>?)',
  // Of no keys: the condition is `false and …`, and nothing is read.
  'revocations_expires_at (expires_at>?)',
]

/** The last of all, by `max`. */
const LAST = ['SEARCH audit_events', 'SEARCH audit_checkpoints']

/** The lines of the plan that may not be there. */
export function faultsOf(plan: readonly PlanLine[]): readonly string[] {
  const faulty = plan.filter((line) =>
    /^USE TEMP B-TREE/.test(line.detail)
      ? plan.some((other) => other.parent === line.parent && isInOrder(other))
      : isRead(line) && !isAllowed(line),
  )
  return faulty.map(({ detail }) => detail)
}

const isRead = ({ detail }: PlanLine) => /^(?:SCAN|SEARCH)|AUTOMATIC/.test(detail)

const isInOrder = ({ detail }: PlanLine) => IN_ORDER.some((way) => detail.endsWith(` ${way}`))

function isAllowed(line: PlanLine): boolean {
  const { detail } = line
  if (/AUTOMATIC/.test(detail)) return false
  return (
    SMALL.test(detail) ||
    OF_ONE.test(detail) ||
    LAST.includes(detail) ||
    isInOrder(line) ||
    WAITING.some((way) => detail.endsWith(` ${way}`))
  )
}
