import { importAuditKey, isAuditSignature } from '../crypto/audit-signature'
import { sha256 } from '../crypto/digest'
import type { Checkpoint, SealedEvent } from '../store/audit-checkpoints'
import type { AuthContext } from './auth-context'
import { canonicalJson } from './canonical-json'

// What is signed, and how it hangs together, is written down in docs/audit.md. scripts/verify-audit.ts checks
// it and shares no code with this.

/** What can be signed: each under its own name, so that none stands for another. */
type Statement = 'audit_checkpoint' | 'audit_pruned' | 'personal_data_erased'

type Body = Readonly<Record<string, string | number>>

/** Signs statements with the configured key; null where there is none. */
export async function auditSigner({ config: { audit } }: Pick<AuthContext, 'config'>) {
  if (!audit.signingKey) return null
  const publicKey = audit.signingKey.x
  const sign = await importAuditKey(audit.signingKey)
  return {
    publicKey,
    sign: (statement: Statement, body: Body) => sign(statementText(statement, body, publicKey)),
  }
}

export type AuditSigner = NonNullable<Awaited<ReturnType<typeof auditSigner>>>

/**
 * Whether a checkpoint is one that this service has signed, by the key it has now or one that it had before: the
 * database may have been written to by others.
 */
export async function isAuthentic(
  checkpoint: Checkpoint,
  { config: { audit } }: Pick<AuthContext, 'config'>,
): Promise<boolean> {
  const { publicKey, signature } = checkpoint
  if (publicKey !== audit.signingKey?.x && !audit.trustedKeys.includes(publicKey)) return false
  const text = statementText('audit_checkpoint', checkpointBody(checkpoint), publicKey)
  return isAuditSignature(text, signature, publicKey)
}

function statementText(statement: Statement, body: Body, publicKey: string): string {
  return canonicalJson({ ...body, statement, version: 1, public_key: publicKey })
}

function checkpointBody(checkpoint: Omit<Checkpoint, 'signature' | 'publicKey' | 'eventDigests'>) {
  return {
    from_seq: checkpoint.fromSeq,
    to_seq: checkpoint.toSeq,
    previous_head: checkpoint.previousHead,
    head: checkpoint.head,
    sealed_at: checkpoint.sealedAt,
  }
}

/** SHA-256 of the event as the seal covers it. */
function eventDigest(event: SealedEvent): Promise<string> {
  return sha256(
    canonicalJson({
      seq: event.seq,
      id: event.id,
      occurred_at: event.occurredAt,
      type: event.type,
      outcome: event.outcome,
      actor_id: event.actorId,
      subject_id: event.subjectId,
      session_id: event.sessionId,
      request_id: event.requestId,
      personal_digest: event.actorPersonalDigest,
      ...(event.subjectPersonalDigest !== null && {
        subject_personal_digest: event.subjectPersonalDigest,
      }),
    }),
  )
}

/** The checkpoint over these events, which are one at least and follow on the last checkpoint. */
export async function checkpointOver(
  events: readonly [SealedEvent, ...SealedEvent[]],
  last: Checkpoint | null,
  { publicKey, sign }: AuditSigner,
  now: number,
): Promise<Checkpoint> {
  const digests: [seq: number, digest: string][] = []
  const previousHead = last?.head ?? ''
  let head = previousHead
  for (const event of events) {
    const digest = await eventDigest(event)
    digests.push([event.seq, digest])
    head = await sha256(head + digest)
  }
  const fromSeq = (last?.toSeq ?? 0) + 1
  const toSeq = digests.at(-1)?.[0] ?? fromSeq
  const range = { fromSeq, toSeq, previousHead, head, sealedAt: now }
  const signature = await sign('audit_checkpoint', checkpointBody(range))
  return { ...range, eventDigests: JSON.stringify(digests), publicKey, signature }
}
