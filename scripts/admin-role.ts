// Granting and revoking the role admin past the service, for the first admin and for when there is none.
// Each is one batch, recognised by its audit event as the service's own are.
import { randomUUID } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { PERSONAL_COLUMNS, personalValues } from './audit-detail.ts'
import { type Query, quoted, type Row } from './database.ts'

/** The longest life of an access token and its tolerance: so long KV must hear of an outdated one. */
const REVOCATION_LIFE_MS = (3600 + 120) * 1000

const EVENT_LIFE_MS = 7 * 24 * 60 * 60 * 1000

const HOLDS = `exists (select 1 from user_roles join roles on roles.id = role_id
  where user_id = users.id and roles.name = 'admin')`
const OTHERS = `exists (select 1 from user_roles join roles on roles.id = role_id
  join users as others on others.id = user_id
  where roles.name = 'admin' and others.id <> users.id
    and others.is_active = 1 and others.password_hash is not null)`

export interface RoleResult {
  readonly user: Row | null
  readonly isDone: boolean
  /** Whether nobody has shown that they read the mail of that address. */
  readonly isUnverified: boolean
  /** Granting only: nothing was done, since the address must be verified and is not. */
  readonly isRefused: boolean
  /** Revoking only. */
  readonly isLastAdmin: boolean
}

/** Gives the account with this email the role, unless it has it, or its address must be verified and is not. */
export function grantAdmin(
  query: Query,
  email: string,
  now: number,
  { mustBeVerified = false } = {},
): Promise<RoleResult> {
  const refused = mustBeVerified ? `email_verified_at is null and not ${HOLDS}` : 'false'
  const condition = `not ${HOLDS} and not (${refused})`
  return change(query, { email, now, act: 'granted', condition, refused }, (user, event) => [
    `insert into user_roles (user_id, role_id, granted_by, granted_at)
      select users.id, roles.id, null, ${now} from users, roles
      where ${user} and roles.name = 'admin' and ${event}`,
  ])
}

/** Takes the role from the account with this email, unless no other active account has it. */
export function revokeAdmin(query: Query, email: string, now: number): Promise<RoleResult> {
  const condition = `${HOLDS} and (is_active = 0 or ${OTHERS})`
  return change(
    query,
    { email, now, act: 'revoked', condition, refused: 'false' },
    (user, event) => [
      `delete from user_roles where role_id = (select id from roles where name = 'admin')
      and user_id = (select id from users where ${user}) and ${event}`,
    ],
  )
}

/** Who holds the role. */
export async function listAdmins(query: Query): Promise<readonly Row[]> {
  const [admins = []] = await query(`select users.id, email, is_active, granted_at from roles
    join user_roles on role_id = roles.id join users on users.id = user_id
    where roles.name = 'admin' order by granted_at, users.id`)
  return admins
}

/** As the service has it: the domain as its A-label, all in lower case. */
function normalized(email: string): string {
  const at = email.lastIndexOf('@')
  return `${email.slice(0, at)}@${domainToASCII(email.slice(at + 1))}`.toLowerCase()
}

interface Change {
  readonly email: string
  readonly now: number
  readonly act: 'granted' | 'revoked'
  readonly condition: string
  /** What of the user refuses it. */
  readonly refused: string
}

async function change(
  query: Query,
  { email, now, act, condition, refused }: Change,
  statements: (user: string, event: string) => readonly string[],
): Promise<RoleResult> {
  const id = randomUUID()
  const personal = personalValues({ [act]: 'admin' })
    .map(quoted)
    .join(', ')
  const user = `email_normalized = ${quoted(normalized(email))}`
  const event = `exists (select 1 from audit_events where id = '${id}')`
  const [before, , , , , , after] = await query(
    `select id, is_active, ${HOLDS} and is_active = 1 and not ${OTHERS} as is_last_admin,
      email_verified_at is null as is_unverified, ${refused} as is_refused
      from users where ${user}`,
    `insert into audit_events (id, occurred_at, type, outcome, subject_id, ${PERSONAL_COLUMNS})
      select '${id}', ${now}, 'roles_changed', 'success', users.id, ${personal}
      from users where ${user} and ${condition}`,
    ...statements(user, event),
    `update users set auth_epoch = auth_epoch + 1 where ${user} and ${event}`,
    `insert into revocations (key, value, expires_at)
      select 'revoked:user:' || id, json_object('epoch', auth_epoch), ${now + REVOCATION_LIFE_MS}
      from users where ${user} and ${event}
      on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at,
        published_at = null`,
    `insert into outbox (id, channel, type, user_id, occurred_at, expires_at, next_attempt_at)
      select '${id}', 'event', 'roles_changed', id, ${now}, ${now + EVENT_LIFE_MS}, ${now}
      from users where ${user} and ${event}`,
    `select id from audit_events where id = '${id}'`,
  )
  return {
    user: before?.[0] ?? null,
    isDone: (after?.length ?? 0) > 0,
    isUnverified: before?.[0]?.['is_unverified'] === 1,
    isRefused: before?.[0]?.['is_refused'] === 1,
    isLastAdmin: before?.[0]?.['is_last_admin'] === 1,
  }
}
