import { randomText, sha256 } from '../crypto/digest'
import { uuidV7 } from '../crypto/uuid'
import type { NewAuditEvent } from '../store/audit-events'
import type { AuthContext } from './auth-context'
import { canonicalJson } from './canonical-json'

/** Every event that the audit trail can hold. */
export type AuditEventType =
  /** Somebody created their own account; they are signed in. */
  | 'user_signed_up'
  /** The right password of an active account; a session began. */
  | 'login_succeeded'
  /** `detail.reason`: unknown_email, wrong_password, no_password, or account_disabled (after the right one). */
  | 'login_failed'
  /** A session was ended by one of its own tokens. */
  | 'logged_out'
  /** All sessions of a user were ended by a token of one of them. */
  | 'logged_out_everywhere'
  /** A user ended one of their sessions from another, or their own, by its id. */
  | 'session_ended'
  /** A user ended all of their sessions but the one they did it from. */
  | 'other_sessions_ended'
  /** A login was one more than a user may have live sessions; the oldest ended. */
  | 'session_limit_reached'
  /** A superseded refresh token came back; its session was ended. */
  | 'refresh_token_reused'

export interface AuditEvent {
  readonly type: AuditEventType
  readonly outcome: 'success' | 'failure'
  /** Who did it, and to whom; null where nobody is known. */
  readonly actorId: string | null
  readonly subjectId: string | null
  readonly sessionId: string | null
  readonly detail?: Readonly<Record<string, string>>
}

/** The row of an event: what concerns a person stands apart, salted and digested, so that it can be erased. */
export async function auditEvent(
  { now, requestId, client }: Pick<AuthContext, 'now' | 'requestId' | 'client'>,
  { detail = {}, ...event }: AuditEvent,
): Promise<NewAuditEvent> {
  const personal = canonicalJson({ ip: client.ip, user_agent: client.userAgent, detail })
  const personalSalt = randomText(16)
  return {
    ...event,
    id: uuidV7(now),
    occurredAt: now,
    requestId,
    personal,
    personalSalt,
    personalDigest: await sha256(personalSalt + personal),
  }
}
