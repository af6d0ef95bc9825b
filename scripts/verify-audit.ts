// Checks the audit trail as docs/audit.md describes it, and shares no code with the service that writes it.
import { SealedEvents } from './sealed-events.ts'
import { isSigned } from './signed-statement.ts'

export interface EventRow {
  readonly seq: number
  readonly id: string
  readonly occurred_at: number
  readonly type: string
  readonly outcome: string
  readonly actor_id: string | null
  readonly subject_id: string | null
  readonly session_id: string | null
  readonly request_id: string | null
  readonly personal: string | null
  readonly personal_salt: string | null
  readonly personal_digest: string
  /** Null in events that were recorded before there were two parts. */
  readonly subject_personal: string | null
  readonly subject_personal_salt: string | null
  readonly subject_personal_digest: string | null
}

export interface CheckpointRow {
  readonly from_seq: number
  readonly to_seq: number
  readonly event_digests: string
  readonly previous_head: string
  readonly head: string
  readonly sealed_at: number
  readonly public_key: string
  readonly signature: string
}

/** Where the trail is read from. Ranges are asked for in ascending order. */
export interface AuditSource {
  /** In the order of `from_seq`. */
  readonly checkpoints: () => AsyncIterable<CheckpointRow>
  /** In the order of `seq`, both ends inclusive; null is no end. */
  readonly events: (fromSeq: number, toSeq: number | null) => Promise<readonly EventRow[]>
}

export interface VerifyOptions {
  /**
   * The `x` of each key that may have signed, with the head up to which it may (null: any). Pinned: what the
   * database says of keys proves nothing.
   */
  readonly publicKeys: ReadonlyMap<string, string | null>
  /** In milliseconds: events that should have been sealed by then are findings. */
  readonly now: number
  /** A head that was logged or noted before: the trail must still lead through it. */
  readonly expectHead?: string
  readonly onProgress?: (checkpoints: number, events: number) => void
}

export interface AuditReport {
  /** What is wrong, a line each; none is what it should be. */
  readonly findings: readonly string[]
  readonly checkpoints: number
  readonly events: number
  /** Events after the last checkpoint, which nothing protects yet. */
  readonly unsealed: number
  readonly head: string
}

/** The job runs every minute; more than this it has not run, or was kept from its work. */
const SEALED_WITHIN_MS = 10 * 60 * 1000
const LOWEST = Number.MIN_SAFE_INTEGER

export async function verifyAudit(
  source: AuditSource,
  { publicKeys, now, expectHead, onProgress }: VerifyOptions,
): Promise<AuditReport> {
  const findings: string[] = []
  const heads = new Set<string>()
  const keys = new Set(publicKeys.keys())
  const sealed = new SealedEvents(new Set(publicKeys.keys()))
  let previous: CheckpointRow | null = null
  let beginning: CheckpointRow | null = null
  let checkpoints = 0
  for await (const checkpoint of source.checkpoints()) {
    const name = `checkpoint ${checkpoint.from_seq} to ${checkpoint.to_seq}`
    if (!isSigned('audit_checkpoint', checkpointBody(checkpoint), checkpoint, keys)) {
      findings.push(`${name}: forged or changed, its signature is not of a pinned key`)
    }
    if (previous) findings.push(...breaksBetween(previous, checkpoint))
    else {
      beginning = checkpoint
      heads.add(checkpoint.previous_head)
      for (const { seq } of await source.events(LOWEST, checkpoint.from_seq - 1)) {
        findings.push(`event ${seq}: inserted before the first checkpoint`)
      }
    }
    const rows = await source.events(checkpoint.from_seq, checkpoint.to_seq)
    findings.push(...sealed.check(name, checkpoint, rows))
    heads.add(checkpoint.head)
    for (const [key, until] of publicKeys) if (until === checkpoint.head) keys.delete(key)
    previous = checkpoint
    checkpoints++
    onProgress?.(checkpoints, sealed.count)
  }
  const unsealed = await source.events(previous ? previous.to_seq + 1 : LOWEST, null)
  findings.push(...unsealedTooLong(unsealed, now))
  if (checkpoints === 0) findings.push('there is no checkpoint: nothing is sealed')
  findings.push(...sealed.erasuresWithoutReason())
  findings.push(...sealed.gapsAfter(unsealed))
  sealed.notePrunings(unsealed)
  if (beginning && !sealed.explainsBeginning(beginning)) {
    findings.push(`events before ${beginning.from_seq}: removed, with no signed audit_pruned`)
  }
  const head = previous?.head ?? ''
  for (const expected of [expectHead, ...publicKeys.values()]) {
    if (expected && !heads.has(expected)) findings.push(HEAD_MISSING)
  }
  return { findings, checkpoints, events: sealed.count, unsealed: unsealed.length, head }
}

const HEAD_MISSING =
  'the expected head is not in the trail: it was cut off, set back or rewritten (or has passed its retention)'

function unsealedTooLong(events: readonly EventRow[], now: number): readonly string[] {
  const findings = events
    .filter(({ seq }) => seq < 1)
    .map(({ seq }) => `event ${seq}: inserted, the service counts from 1`)
  const late = events.filter(
    ({ seq, occurred_at }) => seq > 0 && occurred_at < now - SEALED_WITHIN_MS,
  )
  if (late.length === 0) return findings
  return [...findings, `${late.length} events from ${late[0]?.seq} on: not sealed in ten minutes`]
}

function checkpointBody({ from_seq, to_seq, previous_head, head, sealed_at }: CheckpointRow) {
  return { from_seq, to_seq, previous_head, head, sealed_at }
}

function breaksBetween(previous: CheckpointRow, next: CheckpointRow): readonly string[] {
  const isContinued = next.from_seq === previous.to_seq + 1 && next.previous_head === previous.head
  if (isContinued) return []
  return [`checkpoint ${next.from_seq} to ${next.to_seq}: does not continue the one before it`]
}
