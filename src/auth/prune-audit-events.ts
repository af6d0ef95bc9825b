import { findPrunableCheckpoint, pruneThrough } from '../store/audit-checkpoints'
import { readAuditHead } from '../store/audit-head'
import { auditEvent } from './audit-event'
import { auditSigner, isAuthentic } from './audit-seal'
import type { AuthContext } from './auth-context'

const DAY_MS = 24 * 60 * 60 * 1000
/** Deleted in one run: the job runs every minute. */
const MOST_EVENTS = 10_000

/**
 * The job's part: deletes what was sealed longer ago than AUDIT_RETENTION_DAYS, whole checkpoints at a time
 * and a day's worth at once. The event that says so carries a signature of its own: only who holds the key
 * can delete and have the rest verify.
 */
export async function pruneAuditEvents(context: AuthContext): Promise<void> {
  const { db, markers, config, log, now } = context
  if (config.audit.retentionDays === null) return
  const signer = await auditSigner(context)
  if (!signer) return
  const sealedBefore = now - config.audit.retentionDays * DAY_MS
  const notedHead = await readAuditHead(markers)
  const range = { sealedBefore, mostEvents: MOST_EVENTS, notedHead }
  const found = await findPrunableCheckpoint(db, range)
  if (!found || found.oldest.sealedAt >= sealedBefore - DAY_MS) return
  // What the database says of times and ranges others may have written.
  if (
    !(await isAuthentic(found.prunable, context)) ||
    !(await isAuthentic(found.oldest, context))
  ) {
    log.error('audit_not_pruned', { reason: 'checkpoint_not_authentic' })
    return
  }
  const { toSeq, head } = found.prunable
  const signature = await signer.sign('audit_pruned', { through_seq: toSeq, head })
  const event = await auditEvent(context, {
    type: 'audit_pruned',
    outcome: 'success',
    actorId: null,
    subjectId: null,
    sessionId: null,
    detail: { through_seq: String(toSeq), head, public_key: signer.publicKey, signature },
  })
  const events = await pruneThrough(db, found.prunable, event)
  if (events > 0) log.warning('audit_pruned', { through_seq: toSeq, events })
}
