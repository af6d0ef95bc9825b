import type { AccessTokenClaims } from '../crypto/access-token'
import { hashApiKey, newApiKey } from '../crypto/api-key'
import { uuidV7 } from '../crypto/uuid'
import { type ApiKey, createApiKey as create } from '../store/api-keys'
import { auditEvent } from './audit-event'
import { type AuthContext, callerOf, moment } from './auth-context'
import { sendAfterAnswer } from './deliver-mails'
import { AuthError } from './errors'
import { newNotice } from './mailed-link'
import { requireLiveSession } from './require-live-session'

export interface NewApiKey {
  readonly name: string
  readonly permissions: readonly string[]
  /** Milliseconds since the epoch; null for a key that does not expire. */
  readonly expiresAt: number | null
}

/**
 * Makes a key by which a machine acts for the caller, with permissions that they hold. The key is answered this once.
 * @throws AuthError validation_failed, invalid_token, exceeds_own_permissions, api_key_limit
 */
export async function createApiKey(
  context: AuthContext,
  claims: AccessTokenClaims,
  { name, permissions, expiresAt }: NewApiKey,
): Promise<{ apiKey: ApiKey; key: string }> {
  const { db, config, now } = context
  const { sub: userId, sid: sessionId } = claims
  if (expiresAt !== null && expiresAt <= now) {
    const errors = [{ path: 'expires_at', message: 'must be in the future' }]
    throw new AuthError('validation_failed', { errors })
  }
  const id = uuidV7(now)
  const key = await newApiKey(id)
  const { peppers, pepperVersion: version } = config.passwordHashing
  const pepper = peppers.get(version)
  if (!pepper) throw new Error(`no pepper of version ${version}`)
  const secretHash = await hashApiKey(key, { version, pepper })
  const event = await auditEvent(context, {
    type: 'api_key_created',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId,
    detail: { api_key_id: id, name, permissions: permissions.join(' ') },
  })
  const notice = newNotice(context, 'api_key_created')
  const row = { id, userId, name, secretHash, createdAt: now, expiresAt }
  const { session, state, created } = await create(
    db,
    callerOf(claims),
    { key: { ...row, permissions: JSON.stringify(permissions) }, permissions, event, notice },
    moment(context),
  )
  if (created) {
    sendAfterAnswer(context)
    context.log.info('api_key_created', { user_id: userId, api_key_id: id })
    return { apiKey: created, key }
  }
  requireLiveSession(context, claims, session)
  throw new AuthError(state?.isHeld ? 'api_key_limit' : 'exceeds_own_permissions', {
    user_id: userId,
  })
}
