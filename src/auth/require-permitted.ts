import type { Actor, ActorState } from '../store/actors'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'
import { recordDenial } from './record-denial'
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
  throw denied(context, actor, 'permission_denied', { detail: { required: requiredOf(actor) } })
}

/**
 * Refuses an API key: what it gave to somebody, roles or permissions, would go on when the key has ended.
 * @throws AuthError permission_denied
 */
export function requireNoApiKey(context: AuthContext, actor: Actor): void {
  if (actor.sessionId !== null) return
  throw denied(context, actor, 'permission_denied', { detail: { required: 'session' } })
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
  actor: Actor,
  code: 'permission_denied' | 'exceeds_own_permissions',
  { subjectId, detail = {} }: Target,
): AuthError {
  const { userId, sessionId, apiKeyId } = actor
  context.defer(() =>
    recordDenial(context, [userId, code, requiredOf(actor)], {
      type: 'permission_denied',
      outcome: 'failure',
      actorId: userId,
      subjectId: subjectId ?? null,
      sessionId,
      detail: { code, ...detail, ...(apiKeyId !== undefined && { api_key_id: apiKeyId }) },
    }),
  )
  return new AuthError(code, { user_id: userId, session_id: sessionId, ...detail })
}

function requiredOf({ requires }: Actor): string {
  return 'permission' in requires ? requires.permission : requires.roles.join(' ')
}
