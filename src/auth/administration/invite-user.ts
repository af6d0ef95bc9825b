import type { Actor } from '../../store/actors'
import { invite } from '../../store/invitations'
import { type AuthContext, moment } from '../auth-context'
import type { EmailAddress } from '../email-address'
import { AuthError } from '../errors'
import { newLink } from '../mailed-link'
import { requireAllWithinReach, requireNoApiKey, requirePermitted } from '../require-permitted'
import { sendAfterAnswer } from '../send-after-answer'
import { actorEvent } from './act-on-user'
import { requireKnownNames } from './require-known-names'

/**
 * Mails an invitation by which one address can sign up, within seven days, with these roles. It takes the place
 * of an earlier one.
 * @throws AuthError invalid_token, permission_denied, exceeds_own_permissions, validation_failed for a role that
 *   does not exist, email_taken
 */
export async function inviteUser(
  context: AuthContext,
  actor: Actor,
  { email, roles }: { email: EmailAddress; roles: readonly string[] },
): Promise<void> {
  // It would go on giving after the key has ended, and be measured by more than the key may.
  requireNoApiKey(context, actor)
  const token = await newLink(context, 'invitation')
  const detail = { roles: roles.join(' ') }
  const event = await actorEvent(context, actor, 'user_invited', { subjectId: null, detail })
  const invitation = { email, roles, token, event }
  const result = await invite(context.db, actor, invitation, moment(context))
  if (!result.isDone) {
    requirePermitted(context, actor, result.actor)
    requireKnownNames(roles, result.grantable, 'roles')
    requireAllWithinReach(context, actor, result.grantable)
    throw new AuthError('email_taken')
  }
  sendAfterAnswer(context)
}
