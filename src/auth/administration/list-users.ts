import type { Actor } from '../../store/actors'
import { findUsers, orderOf, type UserFilter, type UserPlace } from '../../store/user-lists'
import type { UserAccount } from '../../store/users'
import { type AuthContext, moment } from '../auth-context'
import { AuthError } from '../errors'
import { requirePermitted } from '../require-permitted'
import { type Page, type PageRequest, pageOf } from './page'

/**
 * Users, the last created first; with an email prefix by email, with a role by id.
 * @throws AuthError validation_failed for a place in the list of another filter, invalid_token,
 *   permission_denied
 */
export async function listUsers(
  context: AuthContext,
  actor: Actor,
  { after, limit, ...filter }: PageRequest<UserPlace> & UserFilter,
): Promise<Page<UserAccount, UserPlace>> {
  if (after && after.order !== orderOf(filter)) {
    const errors = [{ path: 'cursor', message: 'belongs to another filter' }]
    throw new AuthError('validation_failed', { errors })
  }
  const query = { filter, after, limit: limit + 1 }
  const { actor: state, users } = await findUsers(context.db, actor, query, moment(context))
  requirePermitted(context, actor, state)
  return pageOf(users, limit, (user) => placeOf(user, orderOf(filter)))
}

function placeOf({ id, email, createdAt }: UserAccount, order: UserPlace['order']): UserPlace {
  if (order === 'email') return { order, email: email.toLowerCase() }
  return order === 'id' ? { order, id } : { order, createdAt, id }
}
