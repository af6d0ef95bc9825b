import { issueSession, newSession, refreshTokenOf } from '../../src/auth/issue-session'
import { configOf } from '../../src/config'
import { hashPassword } from '../../src/crypto/password'
import { importSigningKeys } from '../../src/crypto/signing-keys'
import { uuidV7 } from '../../src/crypto/uuid'
import type { Seeded } from '../seeded'

export const PASSWORD = 'correct horse battery staple'

const USERS_PER_BATCH = 250

/** Adds users to D1 who all have the same password, with a session each as a login would have begun it. */
export async function seedUsers(env: CloudflareBindings, count: number): Promise<Seeded[]> {
  const config = configOf(env)
  const keys = await importSigningKeys(config.secrets, config.signingKeys)
  const now = Date.now()
  const context = { config, keys, now, client: { ip: null, network: null, userAgent: null } }
  const passwordHash = await hashPassword(PASSWORD, config.passwordHashing)
  const seeded: Seeded[] = []
  while (seeded.length < count) {
    const statements: D1PreparedStatement[] = []
    for (let i = Math.min(USERS_PER_BATCH, count - seeded.length); i > 0; i--) {
      const id = uuidV7(now)
      const email = `${id}@example.com`
      const { session, refreshTokenId: jti } = await newSession(context, id)
      const account = {
        ...{ id, email, name: null, isActive: true, emailVerifiedAt: null, authEpoch: 1 },
        ...{ createdAt: now, lastLoginAt: now, roles: ['user'], permissions: [] },
      }
      const refreshToken = await refreshTokenOf(context, session, { id: jti, issuedAt: now })
      const { accessToken } = await issueSession(context, { session, account, refreshToken })
      statements.push(
        env.DB.prepare(
          `insert into users (id, email, email_normalized, password_hash, is_active, auth_epoch,
            created_at, updated_at, last_login_at) values (?1, ?2, ?2, ?3, 1, 1, ?4, ?4, ?4)`,
        ).bind(id, email, passwordHash, now),
        env.DB.prepare(
          `insert into user_roles (user_id, role_id, granted_at)
            select ?1, id, ?2 from roles where name = 'user'`,
        ).bind(id, now),
        env.DB.prepare(
          `insert into user_sessions (id, user_id, refresh_token_hash, issued_at, last_used_at, expires_at)
            values (?1, ?2, ?3, ?4, ?4, ?5)`,
        ).bind(session.id, id, session.refreshTokenHash, now, session.expiresAt),
      )
      seeded.push({
        ...{ user_id: id, email, session_id: session.id, access_token: accessToken },
        ...{ refresh_token: refreshToken, refresh_token_hash: session.refreshTokenHash },
      })
    }
    await env.DB.batch(statements)
  }
  return seeded
}
