import { SERVICE, SERVICE_MS } from './assumptions.ts'
import { dayOf } from './cost.ts'
import { operation } from './operations.ts'
import { ascending, exponential, quantile, type Random } from './random.ts'

// One D1: a single thread that takes batches in the order in which they come.

const MINUTES = 3

/** Requests over the day, around a mean of one; `hour` from 0 to 24. Most of the users sleep at the same time. */
export function daily(hour: number): number {
  const turn = (2 * Math.PI * hour) / 24
  return Math.exp(Math.sin(turn - 2.2)) / 1.2661
}

export const PEAK = Math.max(...Array.from({ length: 1440 }, (_, minute) => daily(minute / 60)))

/** What the job has to do in a minute for so many users, on the mean of a day. */
export function jobOf(users: number) {
  const day = dayOf(users)
  const perMinute = (count: (name: string) => number) =>
    [...day].reduce((sum, [name, times]) => sum + times * count(name), 0) / 1440
  return {
    /** The fullest of the tables: it deletes so many of each. */
    deletedCounters: perMinute((name) => (hasAttempt(name) ? SERVICE.countersPerAttempt : 0)),
    sealed: perMinute((name) => operation(name).auditEvents),
    markers: perMinute((name) => operation(name).kvWrites),
  }
}

const hasAttempt = (name: string) => name.startsWith('login') || name === 'change-password'

interface Arrivals {
  /** Batches a second of each flow, and how long each takes. */
  readonly rate: number
  readonly serviceMs: number
}

function arrivalsOf(users: number, factor: number): readonly Arrivals[] {
  const { batch, rowRead, rowWritten } = SERVICE_MS
  return [...dayOf(users)].flatMap(([name, times]) => {
    const { d1, rowsRead, rowsWritten } = operation(name)
    if (d1 === 0) return []
    const serviceMs = batch + (rowsRead * rowRead + rowsWritten * rowWritten) / d1
    return [{ rate: (times / 86_400) * factor * d1, serviceMs }]
  })
}

// Its batches come one after another at the turn of the minute: a block of 500 events read at a time, one of rows deleted.
function jobBatches(users: number, factor: number): readonly number[] {
  const { deletedCounters, sealed } = jobOf(users)
  const { batch, rowRead, rowWritten } = SERVICE_MS
  const deleted = Math.min(SERVICE.cleanUpRowsPerMinute, deletedCounters * factor)
  const blocks = Math.ceil(Math.min(SERVICE.sealedEventsPerMinute, sealed * factor) / 500)
  const seals = Array.from({ length: blocks }, () => batch + 500 * rowRead)
  return [...seals, batch + deleted * (4 * rowRead + rowWritten)]
}

/** The share of the time for which the database is busy, `factor` times the mean of the day. */
export function utilisationOf(users: number, factor: number): number {
  const busy = arrivalsOf(users, factor).reduce(
    (sum, { rate, serviceMs }) => sum + rate * serviceMs,
    0,
  )
  const job = jobBatches(users, factor).reduce((a, b) => a + b, 0)
  return busy / 1000 + job / 60_000
}

/** How long batches wait for their turn at the peak of the day. */
export function waitsOf(users: number, random: Random) {
  const arrivals = arrivalsOf(users, PEAK)
  const rate = arrivals.reduce((sum, arrival) => sum + arrival.rate, 0)
  const job = jobBatches(users, PEAK)
  const waits: number[] = []
  let [now, freeAt, nextJob] = [0, 0, 0]
  while (now < MINUTES * 60_000) {
    now += exponential(random, 1000 / rate)
    if (now >= nextJob) {
      freeAt = job.reduce((free, serviceMs) => free + serviceMs, Math.max(freeAt, nextJob))
      nextJob += 60_000
    }
    waits.push(Math.max(0, freeAt - now))
    const serviceMs = draw(arrivals, rate, random).serviceMs
    freeAt = Math.max(freeAt, now) + serviceMs * (0.5 + exponential(random, 0.5))
  }
  const sorted = ascending(waits)
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
}

function draw(arrivals: readonly Arrivals[], rate: number, random: Random): Arrivals {
  let left = random() * rate
  for (const arrival of arrivals) {
    left -= arrival.rate
    if (left < 0) return arrival
  }
  return arrivals[0] ?? { rate: 0, serviceMs: 0 }
}
