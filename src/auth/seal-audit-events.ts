import { errorFields } from '../log'
import {
  type Checkpoint,
  findUnsealedEvents,
  hasHead,
  insertCheckpoint,
} from '../store/audit-checkpoints'
import { readAuditHead, writeAuditHead } from '../store/audit-head'
import { type AuditSigner, auditSigner, checkpointOver, isAuthentic } from './audit-seal'
import type { AuthContext } from './auth-context'

/** Events in one checkpoint, and checkpoints in one run: the job runs every minute. */
const CHECKPOINT_EVENTS = 500
const CHECKPOINTS_A_RUN = 20

/**
 * The job's part: seals, in commit order, the events since the last checkpoint. It goes on only from what it has
 * signed itself and from a chain that still has the head noted in KV: else a history rewritten past the service
 * would be signed by it. The log has each head, for whoever keeps it elsewhere.
 */
export async function sealAuditEvents(context: AuthContext): Promise<void> {
  const signer = await auditSigner(context)
  if (!signer || !(await hasNotedHead(context))) return
  let head: string | null = null
  for (let run = 0; run < CHECKPOINTS_A_RUN; run++) {
    const sealed = await sealOnce(context, signer)
    if (!sealed) break
    head = sealed.head
  }
  if (head !== null) await noteHead(context, head)
}

async function hasNotedHead({ db, markers, log }: AuthContext): Promise<boolean> {
  const noted = await readAuditHead(markers)
  if (noted === null || (await hasHead(db, noted))) return true
  log.error('audit_not_sealed', { reason: 'noted_head_missing', head: noted })
  return false
}

/** The checkpoint that was added; null where there was nothing to seal, or nothing to go on from. */
async function sealOnce(context: AuthContext, signer: AuditSigner): Promise<Checkpoint | null> {
  const { db, log, now } = context
  const { last, events } = await findUnsealedEvents(db, CHECKPOINT_EVENTS)
  if (last && !(await isAuthentic(last, context))) {
    log.error('audit_not_sealed', { reason: 'last_checkpoint_not_authentic' })
    return null
  }
  const [first, ...others] = events
  if (!first) return null
  const checkpoint = await checkpointOver([first, ...others], last, signer, now)
  // Else another run is at it.
  if (!(await insertCheckpoint(db, checkpoint))) return null
  const { fromSeq, toSeq, head } = checkpoint
  log.info('audit_sealed', { from_seq: fromSeq, to_seq: toSeq, head })
  return checkpoint
}

async function noteHead({ markers, log }: AuthContext, head: string): Promise<void> {
  try {
    await writeAuditHead(markers, head)
  } catch (error) {
    // The one noted before is in the chain too.
    log.warning('audit_head_not_noted', errorFields(error))
  }
}
