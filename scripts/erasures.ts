import { hasTwoParts, isSigned, readDetail, sha256 } from './signed-statement.ts'
import type { EventRow } from './verify-audit.ts'

/** Events whose actor's part goes as soon as who did them to themselves leaves. */
const ROUTINE = ['user_renamed', 'email_verification_requested']

/** What a signed erasure says is gone; `all` is what one says that was recorded before there were two parts. */
type ErasedPart = 'actor' | 'routine' | 'subject' | 'all'

/** A part of an event that is missing, and the erasures by which it may be, each of somebody. */
interface Missing {
  readonly seq: number
  readonly name: string
  readonly reasons: readonly (readonly [part: ErasedPart, personId: string])[]
}

/** The personal parts of sealed events: none may have been changed, and none be missing but by a signed erasure after it. */
export class Erasures {
  readonly #publicKeys: ReadonlySet<string>
  readonly #missing: Missing[] = []
  /** The last sealed erasure of each part of each person. */
  readonly #erasures = new Map<string, number>()

  constructor(publicKeys: ReadonlySet<string>) {
    this.#publicKeys = publicKeys
  }

  /** Takes the next event, whose digest holds. */
  check(row: EventRow): readonly string[] {
    if (row.type === 'personal_data_erased') this.#noteErasure(row)
    return partsOf(row).flatMap(({ name, text, salt, digest, reasons }) => {
      if (text === null) this.#missing.push({ seq: row.seq, name, reasons })
      else if (!isPart(text, salt ?? '', digest)) return [`event ${row.seq}: ${name} was changed`]
      return []
    })
  }

  /** What is missing with no erasure after it that says so. */
  withoutReason(): readonly string[] {
    return this.#missing
      .filter(
        ({ seq, reasons }) =>
          !reasons.some(([part, id]) => (this.#erasures.get(`${part} ${id}`) ?? 0) > seq),
      )
      .map(({ seq, name }) => `event ${seq}: ${name} was removed, with no personal_data_erased`)
  }

  #noteErasure(event: EventRow): void {
    const { subject_id, seq } = event
    const signed = readDetail(event)
    if (!subject_id || !signed) return
    const body = {
      subject_id,
      erased_at: signed.erasedAt,
      ...(signed.parts !== null && { parts: signed.parts }),
    }
    if (!isSigned('personal_data_erased', body, signed, this.#publicKeys)) return
    for (const part of signed.parts?.split(' ') ?? ['all']) {
      this.#erasures.set(`${part} ${subject_id}`, seq)
    }
  }
}

function partsOf(row: EventRow) {
  const { subject_id, actor_id, personal: text, personal_salt: salt } = row
  const people = [subject_id, actor_id].filter((id) => id !== null)
  const first = { text, salt, digest: row.personal_digest }
  const allOf = people.map((id) => ['all', id] as const)
  if (!hasTwoParts(row)) {
    const any = (['actor', 'routine', 'subject'] as const).flatMap((part) =>
      people.map((id) => [part, id] as const),
    )
    return [{ ...first, name: 'its personal part', reasons: [...allOf, ...any] }]
  }
  // Where nobody is known to have acted, it is erased as theirs to whom it happened.
  const actor = actor_id ?? subject_id
  const isRoutine = ROUTINE.includes(row.type) && subject_id === actor
  return [
    {
      ...first,
      name: 'the part of its actor',
      reasons: [
        ...allOf,
        ...(actor === null ? [] : [['actor', actor] as const]),
        ...(actor !== null && isRoutine ? [['routine', actor] as const] : []),
      ],
    },
    {
      text: row.subject_personal,
      salt: row.subject_personal_salt,
      digest: row.subject_personal_digest ?? '',
      name: 'the part of its subject',
      reasons: subject_id === null ? [] : [['subject', subject_id] as const],
    },
  ]
}

// The forms make it plain where the salt ends and the JSON begins.
function isPart(text: string, salt: string, digest: string): boolean {
  return /^[\w-]*$/.test(salt) && text.startsWith('{') && sha256(salt + text) === digest
}
