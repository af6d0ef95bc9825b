import type { Query } from './database.ts'
import type { AuditSource, CheckpointRow, EventRow } from './verify-audit.ts'

/** Rows in one answer: some megabytes at most. */
const PAGE = 2000
const CHECKPOINT_PAGE = 100

/** The trail as the database has it, read in pages. */
export function auditTrail(query: Query): AuditSource {
  let page: readonly EventRow[] = []
  let pageFrom = 0
  let pageTo = -1

  async function turnTo(seq: number, end: number): Promise<void> {
    if (seq >= pageFrom && seq <= pageTo) return
    page = await readEvents(query, seq)
    pageFrom = seq
    // A short page reaches as far as was asked: more may have been written since.
    pageTo = page.length < PAGE ? Math.max(end, page.at(-1)?.seq ?? seq) : (page.at(-1)?.seq ?? seq)
  }

  return {
    async *checkpoints() {
      // What is sealed while this runs is not looked at.
      const [[newest] = []] = await query('select max(from_seq) as last from audit_checkpoints')
      const last = Number(newest?.['last'] ?? 0)
      let after = Number.MIN_SAFE_INTEGER
      for (;;) {
        const [found = []] = await query(
          `select * from audit_checkpoints where from_seq > ${after} and from_seq <= ${last}
            order by from_seq limit ${CHECKPOINT_PAGE}`,
        )
        for (const row of found) yield row as unknown as CheckpointRow
        after = Number(found.at(-1)?.['from_seq'] ?? after)
        if (found.length < CHECKPOINT_PAGE) return
      }
    },

    async events(fromSeq, toSeq) {
      const end = toSeq ?? Number.MAX_SAFE_INTEGER
      const found: EventRow[] = []
      for (let seq = fromSeq; seq <= end; seq = pageTo + 1) {
        await turnTo(seq, end)
        found.push(...page.filter((row) => row.seq >= seq && row.seq <= end))
      }
      return found
    },
  }
}

/** The whole trail, an event at a time. */
export async function* allEvents(query: Query): AsyncIterable<EventRow> {
  for (let from = Number.MIN_SAFE_INTEGER; ; ) {
    const page = await readEvents(query, from)
    yield* page
    if (page.length < PAGE) return
    from = (page.at(-1)?.seq ?? from) + 1
  }
}

async function readEvents(query: Query, fromSeq: number): Promise<readonly EventRow[]> {
  const [found = []] = await query(
    `select seq, id, occurred_at, type, outcome, actor_id, subject_id, session_id, request_id,
      personal, personal_salt, personal_digest,
      subject_personal, subject_personal_salt, subject_personal_digest
      from audit_events where seq >= ${fromSeq} order by seq limit ${PAGE}`,
  )
  return found as unknown as readonly EventRow[]
}
