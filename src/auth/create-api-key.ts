import type { AccessTokenClaims } from '../crypto/access-token'
import { hashApiKey, newApiKey } from '../crypto/api-key'
import { uuidV7 } from '../crypto/uuid'
import { type ApiKey, createApiKey as create, LONGEST_KEY_LIFE_MS } from '../store/api-keys'
import { auditEvent } from './audit-event'
import { type AuthContext, callerOf, moment } from './auth-context'
import { AuthError } from './errors'
import { newNotice } from './mailed-link'
import { requireLiveSession } from './require-live-session'
import { requireRecent } from './require-recent'
import { sendAfterAnswer } from './send-after-answer'

const USUAL_LIFE_MS = 90 * 24 * 60 * 60 * 1000

export interface NewApiKey {
  readonly name: string
  readonly permissions: readonly string[]
  /** Milliseconds since the epoch, a year from now at most; null for a key that lives for 90 days. */
  readonly expiresAt: number | null
  /** The user's, which stands in for a recent login. */
  readonly password: string | null
}

/**
 * Makes a key by which a machine acts for the caller, with permissions that they hold. The key is answered only now.
 * It outlives the session, so that an access token alone makes none.
 * @throws AuthError validation_failed, insufficient_user_authentication, invalid_token, wrong_password,
 *   too_many_attempts, exceeds_own_permissions, api_key_limit
 */
export async function createApiKey(
  context: AuthContext,
  claims: AccessTokenClaims,
  { name, permissions, password, ...input }: NewApiKey,
): Promise<{ apiKey: ApiKey; key: string }> {
  const { db, config, now } = context
  const { sub: userId, sid: sessionId } = claims
  const expiresAt = input.expiresAt ?? now + USUAL_LIFE_MS
  requirePossibleEnd(expiresAt, now)
  const own = await requireRecent(context, claims, password, 'api_key_created')
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
    { key: { ...row, permissions: JSON.stringify(permissions) }, permissions, own, event, notice },
    moment(context),
  )
  if (created) {
    sendAfterAnswer(context)
    context.log.info('api_key_created', { user_id: userId, api_key_id: id })
    return { apiKey: created, key }
  }
  requireLiveSession(context, claims, session)
  // It was changed during the derivation.
  if (!state?.isProven) {
    throw new AuthError('wrong_password', { reason: 'changed_meanwhile', user_id: userId })
  }
  throw new AuthError(state.isHeld ? 'api_key_limit' : 'exceeds_own_permissions', {
    user_id: userId,
  })
}

function requirePossibleEnd(expiresAt: number, now: number): void {
  const message =
    expiresAt <= now
      ? 'must be in the future'
      : expiresAt > now + LONGEST_KEY_LIFE_MS
        ? 'must be within a year'
        : null
  if (message === null) return
  throw new AuthError('validation_failed', { errors: [{ path: 'expires_at', message }] })
}
