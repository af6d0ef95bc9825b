import type { Actor } from '../../store/actors'
import { findRoles, type Role } from '../../store/roles'
import { type AuthContext, moment } from '../auth-context'
import { requirePermitted } from '../require-permitted'
import { type Page, type PageRequest, pageOf } from './page'

/**
 * Roles by name; `after` is the last name seen.
 * @throws AuthError invalid_token, permission_denied
 */
export async function listRoles(
  context: AuthContext,
  actor: Actor,
  { after, limit }: PageRequest<string>,
): Promise<Page<Role, string>> {
  const range = { after: after ?? '', limit: limit + 1 }
  const { actor: state, roles } = await findRoles(context.db, actor, range, moment(context))
  requirePermitted(context, actor, state)
  return pageOf(roles, limit, ({ name }) => name)
}
