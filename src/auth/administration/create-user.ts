import { uuidV7 } from '../../crypto/uuid'
import type { Actor } from '../../store/actors'
import { FIRST_ROLE } from '../../store/roles'
import { createUser as create } from '../../store/user-administration'
import type { UserAccount } from '../../store/users'
import { type AuthContext, moment } from '../auth-context'
import type { EmailAddress } from '../email-address'
import { AuthError } from '../errors'
import { newFirstPasswordLink } from '../mailed-link'
import { requireAllWithinReach, requireNoApiKey, requirePermitted } from '../require-permitted'
import { sendAfterAnswer } from '../send-after-answer'
import { FIRST_EPOCH } from '../sign-up'
import { actorEvent } from './act-on-user'
import { requireKnownNames } from './require-known-names'

export interface UserToCreate {
  readonly email: EmailAddress
  readonly name: string | null
  readonly roles: readonly string[]
}

/**
 * Creates an account for somebody, who is not logged in by it, and mails them a link by which they choose its password: an
 * administrator knows none. An API key creates nobody with more than the role that everybody has.
 * @throws AuthError invalid_token, permission_denied, exceeds_own_permissions,
 *   validation_failed for a role that does not exist, email_taken
 */
export async function createUser(
  context: AuthContext,
  actor: Actor,
  { email, name, roles: names }: UserToCreate,
): Promise<UserAccount> {
  if (names.some((role) => role !== FIRST_ROLE)) requireNoApiKey(context, actor)
  const { now } = context
  const user = {
    id: uuidV7(now),
    email: email.address,
    emailNormalized: email.normalized,
    name,
    passwordHash: null,
    isActive: true,
    authEpoch: FIRST_EPOCH,
    createdAt: now,
    updatedAt: now,
  }
  const detail = { roles: names.join(' ') }
  const event = await actorEvent(context, actor, 'user_created', { subjectId: user.id, detail })
  const grant = { userId: user.id, names, grantedBy: actor.userId, now }
  const creation = { user, grant, event, link: await newFirstPasswordLink(context) }
  const created = await create(context.db, actor, creation, moment(context))
  if (created.account) {
    sendAfterAnswer(context)
    return created.account
  }
  requirePermitted(context, actor, created.actor)
  requireKnownNames(names, created.grantable, 'roles')
  requireAllWithinReach(context, actor, created.grantable)
  throw new AuthError('email_taken')
}
