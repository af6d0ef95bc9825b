import { issueSession, newSession, refreshTokenOf } from '../../src/auth/issue-session'
import { configOf } from '../../src/config'
import { importSigningKeys } from '../../src/crypto/signing-keys'
import type { Seeded } from '../seeded'

interface Row {
  readonly id: string
  readonly email: string
  readonly session_id: string
  readonly created_at: number
  readonly expires_at: number
}

/** Tokens for the last session of each of these users, who are in the database already. */
export async function adoptSessions(
  env: CloudflareBindings,
  userIds: readonly string[],
): Promise<Seeded[]> {
  const config = configOf(env)
  const keys = await importSigningKeys(config.secrets, config.signingKeys)
  const now = Date.now()
  const context = { config, keys, now, client: { ip: null, network: null, userAgent: null } }
  const { results } = await env.DB.prepare(
    `select users.id, email, users.created_at, user_sessions.id as session_id, max(issued_at), expires_at
      from json_each(?) cross join users on users.id = value
      join user_sessions on user_id = users.id group by users.id`,
  )
    .bind(JSON.stringify(userIds))
    .all<Row>()
  const adopted: Seeded[] = []
  const statements: D1PreparedStatement[] = []
  for (const { id, email, session_id, created_at, expires_at } of results) {
    const made = await newSession(context, id)
    const session = { ...made.session, id: session_id, expiresAt: expires_at }
    const refreshToken = await refreshTokenOf(context, session, {
      id: made.refreshTokenId,
      issuedAt: now,
    })
    const account = {
      ...{ id, email, name: null, isActive: true, emailVerifiedAt: null, authEpoch: 1 },
      ...{ createdAt: created_at, lastLoginAt: now, roles: ['user'], permissions: [] },
    }
    const { accessToken } = await issueSession(context, { session, account, refreshToken })
    statements.push(
      env.DB.prepare(
        `update user_sessions set refresh_token_hash = ?1, previous_refresh_token_hash = null,
          rotated_at = null, last_used_at = ?2, user_agent = null, ip = null, network = null where id = ?3`,
      ).bind(session.refreshTokenHash, now, session_id),
    )
    adopted.push({
      ...{ user_id: id, email, session_id, access_token: accessToken },
      ...{ refresh_token: refreshToken, refresh_token_hash: session.refreshTokenHash },
    })
  }
  await env.DB.batch(statements)
  return adopted
}
