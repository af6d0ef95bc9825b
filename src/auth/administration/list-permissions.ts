import type { Actor } from '../../store/actors'
import { findPermissions, type Permission } from '../../store/permissions'
import { type AuthContext, moment } from '../auth-context'
import { requirePermitted } from '../require-permitted'
import { type Page, type PageRequest, pageOf } from './page'

/**
 * Permissions by name; `after` is the last name seen.
 * @throws AuthError invalid_token, permission_denied
 */
export async function listPermissions(
  context: AuthContext,
  actor: Actor,
  { after, limit }: PageRequest<string>,
): Promise<Page<Permission, string>> {
  const range = { after: after ?? '', limit: limit + 1 }
  const { actor: state, permissions } = await findPermissions(
    context.db,
    actor,
    range,
    moment(context),
  )
  requirePermitted(context, actor, state)
  return pageOf(permissions, limit, ({ name }) => name)
}
