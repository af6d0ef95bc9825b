// Checks the audit trail as docs/audit.md describes it, and shares no code with the service that writes it.
import { createHash, createPublicKey, verify } from 'node:crypto'

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

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url')

const sorted = (value: object) =>
  JSON.stringify(Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))))

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

function isSigned(
  statement: string,
  body: object,
  { public_key, signature }: { public_key: string; signature: string },
  publicKeys: ReadonlySet<string>,
): boolean {
  if (!publicKeys.has(public_key)) return false
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: public_key },
    format: 'jwk',
  })
  const text = sorted({ ...body, statement, version: 1, public_key })
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
}

function breaksBetween(previous: CheckpointRow, next: CheckpointRow): readonly string[] {
  const isContinued = next.from_seq === previous.to_seq + 1 && next.previous_head === previous.head
  if (isContinued) return []
  return [`checkpoint ${next.from_seq} to ${next.to_seq}: does not continue the one before it`]
}

/** What the checkpoints so far have shown of the events. */
class SealedEvents {
  count = 0
  readonly #publicKeys: ReadonlySet<string>
  readonly #erased: EventRow[] = []
  /** The last sealed erasure of each person. */
  readonly #erasures = new Map<string, number>()
  readonly #prunings: EventRow[] = []

  constructor(publicKeys: ReadonlySet<string>) {
    this.#publicKeys = publicKeys
  }

  check(name: string, checkpoint: CheckpointRow, rows: readonly EventRow[]): readonly string[] {
    this.notePrunings(rows)
    const digests = readDigests(checkpoint)
    if (!digests) return [`${name}: its list of digests does not lead to its head`]
    const findings: string[] = []
    const bySeq = new Map(rows.map((row) => [row.seq, row]))
    for (const [seq, digest] of digests) {
      const row = bySeq.get(seq)
      if (!row) findings.push(`event ${seq}: removed`)
      else if (eventDigest(row) !== digest) findings.push(`event ${seq}: changed`)
      else findings.push(...this.#checkPersonal(row))
    }
    const known = new Set(digests.map(([seq]) => seq))
    for (const { seq } of rows) {
      if (!known.has(seq)) findings.push(`event ${seq}: inserted after the sealing`)
    }
    this.count += digests.length
    return findings
  }

  #checkPersonal(row: EventRow): readonly string[] {
    if (row.type === 'personal_data_erased' && row.subject_id && this.#isErasureSigned(row)) {
      this.#erasures.set(row.subject_id, row.seq)
    }
    if (row.personal === null) this.#erased.push(row)
    else if (!isPersonal(row)) {
      return [`event ${row.seq}: its personal part was changed`]
    }
    return []
  }

  #isErasureSigned({ subject_id, personal }: EventRow): boolean {
    const signed = readDetail(personal)
    const body = { subject_id, erased_at: signed?.erasedAt }
    return signed !== null && isSigned('personal_data_erased', body, signed, this.#publicKeys)
  }

  /** Sealed or not: each carries a signature of its own. */
  notePrunings(rows: readonly EventRow[]): void {
    this.#prunings.push(...rows.filter(({ type }) => type === 'audit_pruned'))
  }

  erasuresWithoutReason(): readonly string[] {
    return this.#erased
      .filter(
        ({ seq, subject_id, actor_id }) =>
          ![subject_id, actor_id].some((id) => id && (this.#erasures.get(id) ?? 0) > seq),
      )
      .map(({ seq }) => `event ${seq}: its personal part was removed, with no personal_data_erased`)
  }

  /** Whether the trail begins with the first event of all, or where a signed pruning says. */
  explainsBeginning({ from_seq, previous_head }: CheckpointRow): boolean {
    if (from_seq === 1 && previous_head === '') return true
    const body = { through_seq: from_seq - 1, head: previous_head }
    return this.#prunings.some(({ personal }) => {
      const signed = readDetail(personal)
      return signed !== null && isSigned('audit_pruned', body, signed, this.#publicKeys)
    })
  }
}

function readDetail(personal: string | null) {
  try {
    const { public_key, signature, erased_at } = JSON.parse(personal ?? '').detail
    const signed = { public_key: String(public_key), signature: String(signature) }
    return { ...signed, erasedAt: Number(erased_at) }
  } catch {
    return null
  }
}

// The forms make it plain where the salt ends and the JSON begins.
function isPersonal({ personal, personal_salt, personal_digest }: EventRow): boolean {
  return (
    /^[\w-]*$/.test(personal_salt ?? '') &&
    (personal ?? '').startsWith('{') &&
    sha256(`${personal_salt}${personal}`) === personal_digest
  )
}

function eventDigest({ personal: _, personal_salt: __, ...row }: EventRow): string {
  return sha256(sorted(row))
}

/** The digests that a checkpoint lists, or null where they are not those that its head was made of. */
function readDigests({
  event_digests,
  previous_head,
  head,
}: CheckpointRow): readonly (readonly [seq: number, digest: string])[] | null {
  try {
    const digests: [number, string][] = JSON.parse(event_digests)
    const reached = digests.reduce((text, [, digest]) => sha256(text + digest), previous_head)
    return reached === head ? digests : null
  } catch {
    return null
  }
}
