import { Erasures } from './erasures.ts'
import { hasTwoParts, isSigned, readDetail, sha256, sorted } from './signed-statement.ts'
import type { CheckpointRow, EventRow } from './verify-audit.ts'

/** What the checkpoints so far have shown of the events. */
export class SealedEvents {
  count = 0
  readonly #publicKeys: ReadonlySet<string>
  readonly #erasures: Erasures
  readonly #numbers = new Numbers()
  readonly #prunings: EventRow[] = []

  constructor(publicKeys: ReadonlySet<string>) {
    this.#publicKeys = publicKeys
    this.#erasures = new Erasures(publicKeys)
  }

  check(name: string, checkpoint: CheckpointRow, rows: readonly EventRow[]): readonly string[] {
    this.notePrunings(rows)
    this.#numbers.begin(checkpoint.from_seq)
    const digests = readDigests(checkpoint)
    if (!digests) {
      this.#numbers.begin(checkpoint.to_seq + 1)
      return [`${name}: its list of digests does not lead to its head`]
    }
    const findings: string[] = []
    const bySeq = new Map(rows.map((row) => [row.seq, row]))
    for (const [seq, digest] of digests) {
      const row = bySeq.get(seq)
      findings.push(...this.#numbers.next(seq, row))
      if (!row) findings.push(`event ${seq}: removed`)
      else if (eventDigest(row) !== digest) findings.push(`event ${seq}: changed`)
      else findings.push(...this.#erasures.check(row))
    }
    const known = new Set(digests.map(([seq]) => seq))
    for (const { seq } of rows) {
      if (!known.has(seq)) findings.push(`event ${seq}: inserted after the sealing`)
    }
    this.count += digests.length
    return findings
  }

  /** The events that were removed before they were sealed, among those that are not sealed yet and before them. */
  gapsAfter(unsealed: readonly EventRow[]): readonly string[] {
    return unsealed.filter(({ seq }) => seq > 0).flatMap((row) => this.#numbers.next(row.seq, row))
  }

  /** Sealed or not: each carries a signature of its own. */
  notePrunings(rows: readonly EventRow[]): void {
    this.#prunings.push(...rows.filter(({ type }) => type === 'audit_pruned'))
  }

  erasuresWithoutReason(): readonly string[] {
    return this.#erasures.withoutReason()
  }

  /** Whether the trail begins with the first event of all, or where a signed pruning says. */
  explainsBeginning({ from_seq, previous_head }: CheckpointRow): boolean {
    if (from_seq === 1 && previous_head === '') return true
    const body = { through_seq: from_seq - 1, head: previous_head }
    return this.#prunings.some((event) => {
      const signed = readDetail(event)
      return signed !== null && isSigned('audit_pruned', body, signed, this.#publicKeys)
    })
  }
}

/**
 * The numbers of the events. The service leaves none out, so one that is missing was removed before it was sealed.
 * Versions before the two parts left some out: where a batch ran twice, the event that was there already took another.
 */
class Numbers {
  #expected: number | null = null
  #leavesNoneOut: boolean | null = null

  /** Says what the next one should be, unless that is known. */
  begin(seq: number): void {
    this.#expected = Math.max(this.#expected ?? seq, seq)
  }

  /** Takes the next one, whose row is missing where it was removed after the sealing. */
  next(seq: number, row: EventRow | undefined): readonly string[] {
    const first = this.#expected ?? 1
    const isCounted = this.#leavesNoneOut ?? (row !== undefined && hasTwoParts(row))
    this.#expected = seq + 1
    if (row) this.#leavesNoneOut = hasTwoParts(row)
    if (seq <= first || !isCounted) return []
    const missing = seq - 1 === first ? `event ${first}` : `events ${first} to ${seq - 1}`
    return [`${missing}: removed before the sealing`]
  }
}

function eventDigest(row: EventRow): string {
  const { personal: _1, personal_salt: _2, ...rest } = row
  const { subject_personal: _3, subject_personal_salt: _4, ...covered } = rest
  const { subject_personal_digest: _5, ...ofOnePart } = covered
  return sha256(sorted(hasTwoParts(row) ? covered : ofOnePart))
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
