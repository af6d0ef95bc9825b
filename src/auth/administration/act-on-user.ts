import type { Actor, ActorState } from '../../store/actors'
import type { NewAuditEvent } from '../../store/audit-events'
import type { TargetState } from '../../store/user-administration'
import type { UserAccount } from '../../store/users'
import { type AuditEventType, auditEvent } from '../audit-event'
import type { AuthContext } from '../auth-context'
import { AuthError } from '../errors'
import { requirePermitted, requireWithinReach } from '../require-permitted'

/** The event of what an actor does, to a user or (null) to a role or permission. */
export function actorEvent(
  context: AuthContext,
  actor: Actor,
  type: AuditEventType,
  {
    subjectId,
    detail = {},
  }: { subjectId: string | null; detail?: Readonly<Record<string, string>> },
): Promise<NewAuditEvent> {
  const { userId: actorId, sessionId, apiKeyId } = actor
  const keyed = apiKeyId === undefined ? detail : { ...detail, api_key_id: apiKeyId }
  const about = { actorId, subjectId, sessionId, detail: keyed }
  return auditEvent(context, { type, outcome: 'success', ...about })
}

/** What the batch of an act upon a user shows. */
export interface ActOnUser {
  readonly actor: ActorState | undefined
  readonly before: TargetState | undefined
  /** By this run of the batch or one before it. */
  readonly isDone: boolean
  readonly account: UserAccount | null
}

/**
 * The account after an act that was done, or that there was nothing to do for.
 * @throws AuthError invalid_token, permission_denied, user_not_found, exceeds_own_permissions
 */
export function requireActed(
  context: AuthContext,
  actor: Actor,
  act: ActOnUser,
  userId: string,
): UserAccount {
  if (!act.isDone) {
    requirePermitted(context, actor, act.actor)
    if (!act.before) throw new AuthError('user_not_found')
    requireWithinReach(context, actor, act.before, { subjectId: userId })
  }
  if (!act.account) throw new AuthError('user_not_found')
  return act.account
}
