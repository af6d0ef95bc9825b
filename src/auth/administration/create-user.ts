import { hashPassword } from '../../crypto/password'
import { uuidV7 } from '../../crypto/uuid'
import { type Actor, findActor } from '../../store/actors'
import { createUser as create } from '../../store/user-administration'
import type { UserAccount } from '../../store/users'
import { type AuthContext, moment } from '../auth-context'
import type { EmailAddress } from '../email-address'
import { AuthError } from '../errors'
import { requireAcceptablePassword } from '../password-policy'
import { requireAllWithinReach, requirePermitted } from '../require-permitted'
import { FIRST_EPOCH } from '../sign-up'
import { actorEvent } from './act-on-user'
import { requireKnownNames } from './require-known-names'

export interface UserToCreate {
  readonly email: EmailAddress
  /** Null: they have to set one before they can log in. */
  readonly password: string | null
  readonly name: string | null
  readonly roles: readonly string[]
}

/**
 * Creates an account for somebody, who is not logged in by it.
 * @throws AuthError invalid_token, permission_denied, weak_password, exceeds_own_permissions,
 *   validation_failed for a role that does not exist, email_taken
 */
export async function createUser(
  context: AuthContext,
  actor: Actor,
  { email, password, name, roles: names }: UserToCreate,
): Promise<UserAccount> {
  const { config, now } = context
  if (password !== null) {
    // A derivation is not for whoever asks.
    requirePermitted(context, actor, await findActor(context.db, actor, moment(context)))
    await requireAcceptablePassword(context, {
      password,
      email: email.normalized,
      path: 'password',
    })
  }
  const user = {
    id: uuidV7(now),
    email: email.address,
    emailNormalized: email.normalized,
    name,
    passwordHash: password === null ? null : await hashPassword(password, config.passwordHashing),
    isActive: true,
    authEpoch: FIRST_EPOCH,
    createdAt: now,
    updatedAt: now,
  }
  const detail = { roles: names.join(' ') }
  const event = await actorEvent(context, actor, 'user_created', { subjectId: user.id, detail })
  const grant = { userId: user.id, names, grantedBy: actor.userId, now }
  const creation = { user, grant, event }
  const created = await create(context.db, actor, creation, moment(context))
  if (created.account) return created.account
  requirePermitted(context, actor, created.actor)
  requireKnownNames(names, created.grantable, 'roles')
  requireAllWithinReach(context, actor, created.grantable)
  throw new AuthError('email_taken')
}
