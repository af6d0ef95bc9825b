import { CPU_MS, LOG_LINE_BYTES, PRICES, SERVICE_MS, USAGE } from './assumptions.ts'
import { type Operation, operation } from './operations.ts'

/** What is paid for. */
export interface Used {
  readonly requests: number
  readonly cpuMs: number
  readonly rowsRead: number
  readonly rowsWritten: number
  readonly kvReads: number
  readonly kvWrites: number
  readonly logBytes: number
}

/** One request, with what the job does about it later. */
export function usedBy({ derivations, statements, later, ...counted }: Operation): Used {
  const { derivation, request, statement } = CPU_MS
  return {
    requests: 1,
    cpuMs: derivations * derivation + request + statements * statement,
    rowsRead: counted.rowsRead + later.rowsRead,
    rowsWritten: counted.rowsWritten + later.rowsWritten,
    kvReads: counted.kvKeysRead,
    kvWrites: counted.kvWrites + later.kvWrites,
    logBytes: counted.logBytes + counted.logLines * LOG_LINE_BYTES,
  }
}

const PRICED = [
  ['requests', PRICES.request],
  ['cpuMs', PRICES.cpuMs],
  ['rowsRead', PRICES.rowRead],
  ['rowsWritten', PRICES.rowWritten],
  ['kvReads', PRICES.kvRead],
  ['kvWrites', PRICES.kvWrite],
  ['logBytes', PRICES.logByte],
] as const

/** Dollars for a million of these, with nothing included any more. */
export function perMillion(used: Used): number {
  return PRICED.reduce((sum, [name, { million }]) => sum + used[name] * million, 0)
}

/** How long the database is busy with one, the job's part later included. */
export function busyMs({ d1, rowsRead, rowsWritten, later }: Operation): number {
  const { batch, rowRead, rowWritten } = SERVICE_MS
  const rows = (read: number, written: number) => read * rowRead + written * rowWritten
  return d1 * batch + rows(rowsRead + later.rowsRead, rowsWritten + later.rowsWritten)
}

/** How many of each flow there are on one day. */
export function dayOf(users: number): ReadonlyMap<string, number> {
  const active = users * USAGE.activeShare
  const flows = Object.entries(USAGE.perActiveDay).map(
    ([name, times]) => [name, times * active] as const,
  )
  return new Map([...flows, ['signup', users * USAGE.newShare]])
}

export interface Bill {
  readonly used: Used
  readonly storedGb: number
  readonly dollars: ReadonlyMap<string, number>
  readonly total: number
}

/** Thirty such days, less what the plan includes. */
export function monthOf(users: number, storedBytes: number): Bill {
  const used = {
    requests: 0,
    cpuMs: 0,
    rowsRead: 0,
    rowsWritten: 0,
    kvReads: 0,
    kvWrites: 0,
    logBytes: 0,
  }
  for (const [name, times] of dayOf(users)) {
    const each = usedBy(operation(name))
    for (const [counter] of PRICED) used[counter] += each[counter] * times * 30
  }
  const storedGb = storedBytes / 1e9
  const { storedGb: storage } = PRICES
  const dollars = new Map<string, number>([
    ['plan', PRICES.month],
    ...PRICED.map(
      ([name, { included, million }]) =>
        [name, (Math.max(0, used[name] - included) / 1e6) * million] as const,
    ),
    ['stored', Math.max(0, storedGb - storage.included) * storage.each],
  ])
  const total = [...dollars.values()].reduce((a, b) => a + b)
  return { used, storedGb, dollars, total }
}
