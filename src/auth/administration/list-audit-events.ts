import type { Actor } from '../../store/actors'
import {
  type AuditEventFilter,
  findAuditEvents,
  type ListedAuditEvent,
} from '../../store/audit-lists'
import { type AuthContext, moment } from '../auth-context'
import { requirePermitted } from '../require-permitted'
import { type Page, type PageRequest, pageOf } from './page'

/**
 * Audit events, the last first; `after` is the last `seq` seen.
 * @throws AuthError invalid_token, permission_denied
 */
export async function listAuditEvents(
  context: AuthContext,
  actor: Actor,
  { after, limit, ...filter }: PageRequest<number> & AuditEventFilter,
): Promise<Page<ListedAuditEvent, number>> {
  const query = { filter, after, limit: limit + 1 }
  const { actor: state, events } = await findAuditEvents(context.db, actor, query, moment(context))
  requirePermitted(context, actor, state)
  return pageOf(events, limit, ({ seq }) => seq)
}
