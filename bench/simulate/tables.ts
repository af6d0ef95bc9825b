import { seeded } from '../numbers.ts'
import { SCALES } from './assumptions.ts'
import { busyMs, monthOf, perMillion, usedBy } from './cost.ts'
import { OPERATIONS } from './operations.ts'
import { brokenBy, bytesOf, capacityOfOne, type Simulated, simulate } from './scale.ts'

// The tables of docs/scale.md.

const SEED = 1

/** Each scale on one database, and on as many as it is said to need. */
export function simulateScales(): readonly Simulated[] {
  return SCALES.flatMap(({ users, shards }) =>
    [...new Set([1, shards])].map((count) => simulate(users, count, seeded(SEED))),
  )
}

/** The recommended ones that break a limit, and why. */
export function brokenScales(scales: readonly Simulated[]): readonly string[] {
  return SCALES.flatMap(({ users, shards }) => {
    const one = scales.find((scale) => scale.users === users && scale.shards === shards)
    return (one ? brokenBy(one) : ['not simulated']).map(
      (text) => `${millions(users)} users on ${shards}: ${text}`,
    )
  })
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

const millions = (count: number) => `${count / 1e6} M`
const whole = (value: number) => Math.round(value).toLocaleString('en-US')
const percent = (share: number) => `${Math.round(share * 100)} %`
const money = (dollars: number) => (dollars < 100 ? dollars.toFixed(2) : whole(dollars))
const plus = (now: number, later: number) => (later > 0 ? `${now} + ${later}` : `${now}`)

export function operationsTable(): string {
  const rows = Object.entries(OPERATIONS).map(([name, counted]) => {
    const { later } = counted
    const used = usedBy(counted)
    return [
      name,
      counted.d1,
      plus(counted.rowsRead, later.rowsRead),
      plus(counted.rowsWritten, later.rowsWritten),
      `${counted.kvKeysRead} / ${counted.kvWrites}`,
      used.cpuMs.toFixed(1),
      used.logBytes,
      busyMs(counted).toFixed(1),
      money(perMillion(used)),
    ]
  })
  const head =
    'flow,D1 round trips,rows read,rows written,KV keys read / written,CPU ms,log bytes,D1 busy ms,$ a million'
  return table(head.split(','), rows)
}

export function monthTable(): string {
  const rows = SCALES.map(({ users }) => {
    const { used, dollars, storedGb, total } = monthOf(users, bytesOf(users))
    const paid = (...names: readonly string[]) =>
      whole(names.reduce((sum, name) => sum + (dollars.get(name) ?? 0), 0))
    return [
      millions(users),
      whole(used.requests / 1e6),
      paid('requests'),
      paid('cpuMs'),
      paid('rowsRead', 'rowsWritten'),
      paid('kvReads', 'kvWrites'),
      paid('logBytes'),
      `${paid('stored')} (${whole(storedGb)} GB)`,
      whole(total),
      ((total / users) * 1000).toFixed(2),
    ]
  })
  const head = 'users,M requests,requests,CPU,D1 rows,KV,logs,stored,$ a month,$ a 1\u2009000 users'
  return table(head.split(','), rows)
}

export function capacityTable(): string {
  const rows = capacityOfOne().map(([limit, users]) => [limit, `${(users / 1e6).toFixed(1)} M`])
  return table(['one database', 'users at which it is met'], rows)
}

export function scalesTable(scales: readonly Simulated[]): string {
  const rows = scales.map((one) => [
    millions(one.users),
    one.shards,
    `${whole(one.peakRequests)} / ${whole(one.peakD1Requests)}`,
    percent(one.utilisation),
    one.utilisation < 1
      ? `${one.waits.p50.toFixed(1)} / ${one.waits.p99.toFixed(1)} ms`
      : 'without end',
    `${(one.bytes / 1e9).toFixed(1)} GB, ${((one.skew - 1) * 100).toFixed(2)} %`,
    whole(one.job.deletedCounters),
    `${one.kvWritesPerSecond.toFixed(1)} / ${one.busiestKey}`,
    brokenBy(one).join('; ') || 'none',
  ])
  const head =
    'users,databases,requests a second at the peak / that ask D1,D1 busy,wait p50 / p99,stored in the fullest and over the mean,counters to clean up a minute,KV writes a second / to one key,limits broken'
  return table(head.split(','), rows)
}

export function revocationsTable(scales: readonly Simulated[]): string {
  const seconds = ({ p50, p99, longest }: { p50: number; p99: number; longest: number }) =>
    [p50, p99, longest].map((value) => `${whole(value)} s`)
  const [first] = scales
  const recommended = scales.filter(({ users, shards }) =>
    SCALES.some((scale) => scale.users === users && scale.shards === shards),
  )
  const rows = [
    ...(first
      ? [
          ['in one location', ...seconds(first.revocations.somewhere)],
          ['in all of 50', ...seconds(first.revocations.spread)],
          [
            'in all, where KV refuses the write and the job tells it',
            ...seconds(first.revocations.byJob),
          ],
        ]
      : []),
    ...recommended.map(({ users, shards, outage }) => [
      `in all, ended while KV takes no write for ten minutes: ${millions(users)} users on ${shards}`,
      ...seconds(outage.spread),
    ]),
  ]
  return table(['until `/auth/verify` refuses', 'half', '99 of 100', 'longest'], rows)
}

/** By the name of their place in the document. */
export function tablesOf(scales: readonly Simulated[]): ReadonlyMap<string, string> {
  return new Map([
    ['operations', operationsTable()],
    ['month', monthTable()],
    ['capacity', capacityTable()],
    ['scales', scalesTable(scales)],
    ['revocations', revocationsTable(scales)],
  ])
}

/** The document with its tables between `<!-- name -->` and `<!-- /name -->`. */
export function withTables(document: string, tables: ReadonlyMap<string, string>): string {
  return [...tables].reduce((text, [name, content]) => {
    const place = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`)
    if (!place.test(text)) throw new Error(`docs/scale.md has no place for: ${name}`)
    return text.replace(place, (_all, before, after) => `${before}\n${content}\n\n${after}`)
  }, document)
}
