import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { findAuditEvents } from '../../src/store/audit-lists'
import { openDatabase } from '../../src/store/database'
import { rows } from '../platform/records'

const HOUR = 60 * 60 * 1000
const ANY = { type: null, outcome: null, userId: null, actorId: null, from: null, to: null }
const ACTOR = { userId: '', sessionId: '', epoch: 1, requires: { permission: 'audit_events:read' } }

/** The rows that D1 reads for the first events of the filter, of 2,000 with an hour between them. */
async function rowsRead(filter: { from?: number; to?: number }, after: number | null = null) {
  let read = 0
  const batch = async (statements: D1PreparedStatement[]) => {
    const results = await env.DB.batch(statements)
    for (const { meta } of results) read += meta.rows_read
    return results
  }
  const DB = { prepare: env.DB.prepare.bind(env.DB), batch } as unknown as D1Database
  const query = { filter: { ...ANY, ...filter }, after, limit: 5 }
  const moment = { now: 0, idleSince: 0, notBefore: 0 }
  const { events } = await findAuditEvents(openDatabase(DB), ACTOR, query, moment)
  return { read, seqs: events.map(({ seq }) => seq) }
}

test('a question of long ago reads nothing of what has happened since', async () => {
  await rows(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
      insert into audit_events (seq, id, occurred_at, type, outcome, personal_digest)
      select i, 'event-' || i, i * ?, 'logged_out', 'success', '' from n`,
    HOUR,
  )
  const longAgo = await rowsRead({ to: 100 * HOUR })
  expect(longAgo.seqs).toEqual([99, 98, 97, 96, 95])
  expect(longAgo.read).toBeLessThan(20)
  const itsNextPage = await rowsRead({ to: 100 * HOUR }, 95)
  expect(itsNextPage.seqs).toEqual([94, 93, 92, 91, 90])
  expect(itsNextPage.read).toBeLessThan(20)
  const between = await rowsRead({ from: 99 * HOUR, to: 101 * HOUR })
  expect(between.seqs).toEqual([100, 99])
  expect(between.read).toBeLessThan(20)
  // Later than all there is.
  expect((await rowsRead({ to: 9000 * HOUR })).seqs).toEqual([2000, 1999, 1998, 1997, 1996])
})
