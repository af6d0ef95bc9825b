import * as z from 'zod/mini'
import type { ListedAuditEvent } from '../store/audit-lists'
import { type Answered, answer } from './named'
import { isoTime } from './wire'

const Personal = z.object({
  ip: z.nullable(z.string()),
  user_agent: z.nullable(z.string()),
  detail: z.record(z.string(), z.string()),
})

export const AuditEvent = answer('AuditEvent', () =>
  z.object({
    seq: z.int(),
    id: z.string(),
    occurred_at: z.iso.datetime(),
    type: z.string(),
    outcome: z.enum(['success', 'failure']),
    actor_id: z.nullable(z.string()),
    subject_id: z.nullable(z.string()),
    session_id: z.nullable(z.string()),
    request_id: z.nullable(z.string()),
    personal: z.nullable(Personal).check(z.describe('Null where it has been erased')),
  }),
)

export function presentAuditEvent(event: ListedAuditEvent): Answered<typeof AuditEvent> {
  return {
    seq: event.seq,
    id: event.id,
    occurred_at: isoTime(event.occurredAt),
    type: event.type,
    outcome: event.outcome,
    actor_id: event.actorId,
    subject_id: event.subjectId,
    session_id: event.sessionId,
    request_id: event.requestId,
    personal: event.personal === null ? null : presentPersonal(event.personal),
  }
}

// Somebody may have changed the row past the service: that must not hide the others.
function presentPersonal(json: string): z.infer<typeof Personal> {
  try {
    return Personal.parse(JSON.parse(json))
  } catch {
    return { ip: null, user_agent: null, detail: { unreadable: json } }
  }
}
