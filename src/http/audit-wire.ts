import * as z from 'zod/mini'
import type { ListedAuditEvent } from '../store/audit-lists'
import { type Answered, answer } from './named'
import { isoTime } from './wire'

const Detail = z.record(z.string(), z.string())
const Personal = z.object({
  ip: z.nullable(z.string()),
  user_agent: z.nullable(z.string()),
  client_request_id: z.nullable(z.string()).check(z.describe('The X-Request-Id that came with it')),
  detail: Detail,
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
    personal: z.nullable(Personal).check(z.describe('Null where all of it has been erased')),
    erased: z
      .array(z.enum(['actor', 'subject']))
      .check(
        z.describe(
          'Whose part of `personal` has been erased: the actor’s is all but `detail`, the subject’s is `detail`',
        ),
      ),
  }),
)

type Presented = Answered<typeof AuditEvent>

export function presentAuditEvent(event: ListedAuditEvent): Presented {
  const erased = erasedParts(event)
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
    personal: erased.length === 2 ? null : presentPersonal(event),
    erased,
  }
}

/** The same for a person's own export: from where others acted on them is personal data of those others. */
export function presentOwnAuditEvent(event: ListedAuditEvent, userId: string): Presented {
  const presented = presentAuditEvent(event)
  if (event.actorId === null || event.actorId === userId || !presented.personal) return presented
  const { detail } = presented.personal
  return {
    ...presented,
    personal: { ip: null, user_agent: null, client_request_id: null, detail },
  }
}

function erasedParts(event: ListedAuditEvent): Presented['erased'] {
  const isOfOnePart = event.subjectPersonalDigest === null
  const isActorErased = event.actorPersonal === null
  const isSubjectErased = isOfOnePart ? isActorErased : event.subjectPersonal === null
  return [
    ...(isActorErased ? (['actor'] as const) : []),
    ...(isSubjectErased ? (['subject'] as const) : []),
  ]
}

/** Either part, and the one part of an event that was recorded before there were two. */
const Part = z.object({
  ip: z._default(z.nullable(z.string()), null),
  user_agent: z._default(z.nullable(z.string()), null),
  client_request_id: z._default(z.nullable(z.string()), null),
  detail: z._default(Detail, {}),
})

function presentPersonal({ actorPersonal, subjectPersonal }: ListedAuditEvent) {
  const [actor, subject] = [readPart(actorPersonal), readPart(subjectPersonal)]
  return { ...actor, detail: { ...actor.detail, ...subject.detail } }
}

// Somebody may have changed the row past the service: that must not hide the others.
function readPart(json: string | null): z.output<typeof Part> {
  try {
    return Part.parse(JSON.parse(json ?? '{}'))
  } catch {
    return Part.parse({ detail: { unreadable: json } })
  }
}
