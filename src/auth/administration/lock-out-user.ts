import type { Actor } from '../../store/actors'
import { type LockOut, lockOutUser as lockOut } from '../../store/user-administration'
import type { UserAccount } from '../../store/users'
import { type AuthContext, moment } from '../auth-context'
import { AuthError } from '../errors'
import { newLink } from '../mailed-link'
import { publishRevocations, revocationExpiry } from '../publish-revocations'
import { sendAfterAnswer } from '../send-after-answer'
import { actorEvent, requireActed } from './act-on-user'

const EVENTS = {
  user_disabled: 'user_disabled',
  password_reset: 'password_reset_forced',
  ended_by_administrator: 'user_sessions_ended',
} as const

/**
 * Ends all sessions of a user and outdates their tokens. `user_disabled` keeps them from logging in;
 * `password_reset` takes their password away and mails a link by which they choose another.
 * @throws AuthError invalid_token, permission_denied, user_not_found, exceeds_own_permissions, last_admin
 */
export async function lockOutUser(
  context: AuthContext,
  actor: Actor,
  { userId, reason }: Pick<LockOut, 'userId' | 'reason'>,
): Promise<UserAccount> {
  const event = await actorEvent(context, actor, EVENTS[reason], { subjectId: userId })
  const revocationExpiresAt = revocationExpiry(context)
  const link = reason === 'password_reset' ? await newLink(context, 'reset_password') : null
  const lock = { userId, event, reason, revocationExpiresAt, link }
  const act = await lockOut(context.db, actor, lock, moment(context))
  const account = requireActed(context, actor, act, userId)
  if (!act.isDone && act.before?.isLastAdmin) {
    throw new AuthError('last_admin', { user_id: userId })
  }
  if (link) sendAfterAnswer(context)
  await publishRevocations(context, act.revocations)
  return account
}
