import { listAuditEvents } from '../../auth/administration/list-audit-events'
import { AuditEventList, AuditEventQuery, presentAuditEvents } from '../administration-wire'
import { factory } from '../factory'
import { operation, valid } from '../openapi'
import { requirePermission } from '../require-permission'
import { ADMINISTRATION } from '../route-problems'

export const adminAuditEvents = factory.createApp().get(
  '/',
  operation({
    operationId: 'listAuditEvents',
    summary: 'The audit trail, the last event first',
    tag: 'Administration: audit',
    bearer: 'required',
    responses: { 200: { description: 'A page of events', schema: AuditEventList } },
    problems: ADMINISTRATION.read,
  }),
  requirePermission('audit_events:read'),
  valid('query', AuditEventQuery),
  async (c) => {
    const page = await listAuditEvents(c.get('auth'), c.get('actor'), c.req.valid('query'))
    return c.json(presentAuditEvents(page), 200)
  },
)
