import type { Deletion } from '../store/account-deletion'
import { auditEvent, ROUTINE_EVENTS } from './audit-event'
import type { AuthContext } from './auth-context'
import { erasureEvent } from './erasure-event'
import { newNotice } from './mailed-link'
import { revocationExpiry } from './publish-revocations'

const DAY_MS = 24 * 60 * 60 * 1000

/** Who deletes the account: the user, from a session, or the job. */
interface Leaver {
  readonly userId: string
  readonly actorId: string | null
  readonly sessionId: string | null
}

/**
 * What the end of an account needs, whoever ends it. From where the user acted stays as evidence for
 * AUDIT_EVIDENCE_DAYS: else a thief who deletes the account would leave no trace.
 */
export async function newDeletion(context: AuthContext, leaver: Leaver): Promise<Deletion> {
  const { now, config } = context
  const { userId, actorId, sessionId } = leaver
  const { evidenceDays } = config.audit
  return {
    deleted: await auditEvent(context, {
      type: 'user_deleted',
      outcome: 'success',
      actorId,
      subjectId: userId,
      sessionId,
    }),
    erased: await erasureEvent(context, leaver, [
      evidenceDays === 0 ? 'actor' : 'routine',
      'subject',
    ]),
    erasure: { routineTypes: ROUTINE_EVENTS, eraseAt: now + evidenceDays * DAY_MS },
    revocationExpiresAt: revocationExpiry(context),
    notice: newNotice(context, 'account_deleted'),
  }
}
