import type { Actor, ActorState } from '../store/actors'
import { recordEvent } from '../store/audit-events'
import { auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'
import { requireLiveSession } from './require-live-session'

/**
 * What every use-case that not everybody may ask for asks of the actor that its batch read first.
 * @throws AuthError invalid_token, invalid_api_key, permission_denied
 */
export function requirePermitted(
  context: AuthContext,
  actor: Actor,
  state: ActorState | undefined,
): void {
  const { userId, sessionId, apiKeyId } = actor
  if (sessionId !== null) {
    requireLiveSession(context, { sid: sessionId, sub: userId }, state ?? null)
  } else if (!state?.isLive) {
    throw new AuthError('invalid_api_key', {
      reason: 'ended',
      user_id: userId,
      api_key_id: apiKeyId,
    })
  }
  if (state?.isPermitted) return
  const { requires } = actor
  const required = 'permission' in requires ? requires.permission : requires.roles.join(' ')
  throw denied(context, actor, 'permission_denied', { detail: { required } })
}

/**
 * What a permitted act must not exceed: nobody gives, or touches an account or a role that gives, a
 * permission which they do not hold.
 * @throws AuthError exceeds_own_permissions
 */
export function requireWithinReach(
  context: AuthContext,
  actor: Actor,
  { isWithinReach }: { isWithinReach: boolean },
  target: Target,
): void {
  if (isWithinReach) return
  throw denied(context, actor, 'exceeds_own_permissions', target)
}

/** The same for everything that is to be given: roles, or permissions. */
export function requireAllWithinReach(
  context: AuthContext,
  actor: Actor,
  asked: readonly { name: string; isWithinReach: boolean }[],
): void {
  const beyond = asked.find(({ isWithinReach }) => !isWithinReach)
  if (!beyond) return
  throw denied(context, actor, 'exceeds_own_permissions', { detail: { asked: beyond.name } })
}

/** What was out of reach: a user, or what the detail says. */
interface Target {
  readonly subjectId?: string
  readonly detail?: Readonly<Record<string, string>>
}

// Nothing has changed, so that the record of the refusal may follow the answer.
function denied(
  context: AuthContext,
  { userId, sessionId, apiKeyId }: Actor,
  code: 'permission_denied' | 'exceeds_own_permissions',
  { subjectId, detail = {} }: Target,
): AuthError {
  context.defer(async () => {
    const event = await auditEvent(context, {
      type: 'permission_denied',
      outcome: 'failure',
      actorId: userId,
      subjectId: subjectId ?? null,
      sessionId,
      detail: { code, ...detail, ...(apiKeyId !== undefined && { api_key_id: apiKeyId }) },
    })
    await recordEvent(context.db, event)
  })
  return new AuthError(code, { user_id: userId, session_id: sessionId, ...detail })
}
