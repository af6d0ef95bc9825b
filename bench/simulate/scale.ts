import { BYTES, HEADROOM, LIMITS, SERVICE, USAGE } from './assumptions.ts'
import { dayOf } from './cost.ts'
import { jobOf, PEAK, utilisationOf, waitsOf } from './database.ts'
import { operation } from './operations.ts'
import type { Random } from './random.ts'
import { BOUND_SECONDS, busiestKey, outageOf, revocationsOf } from './revocations.ts'
import { BUCKETS, skewOf } from './shards.ts'

export interface Simulated {
  readonly users: number
  readonly shards: number
  /** How many times the mean the fullest shard has. */
  readonly skew: number
  /** Of all requests, and of those that ask D1. */
  readonly peakRequests: number
  readonly peakD1Requests: number
  /** Of the fullest shard. */
  readonly utilisation: number
  readonly waits: { readonly p50: number; readonly p99: number }
  readonly bytes: number
  readonly job: ReturnType<typeof jobOf>
  readonly kvWritesPerSecond: number
  readonly busiestKey: number
  readonly revocations: ReturnType<typeof revocationsOf>
  readonly outage: ReturnType<typeof outageOf>
}

/** What is stored for so many users: theirs, the trail of its retention, and what a day leaves behind. */
export function bytesOf(users: number, retentionDays: number = USAGE.retentionDays): number {
  const day = [...dayOf(users)]
  const sum = (count: (name: string) => number) =>
    day.reduce((total, [name, times]) => total + times * count(name), 0)
  const events = sum((name) => operation(name).auditEvents) * retentionDays
  const attempts = jobOf(users).deletedCounters * 1440
  return (
    users * (BYTES.user + USAGE.sessionsPerUser * BYTES.session) +
    events * BYTES.auditEvent +
    attempts * BYTES.loginAttempt +
    jobOf(users).markers * 62 * BYTES.revocation
  )
}

// Hashing a hundred million takes too long: what is over shrinks as the root of how many there are.
function skewAt(users: number, shards: number): number {
  const sampled = 100_000
  if (shards === 1) return 1
  const drawn = skewOf(sampled, shards) - 1
  return 1 + drawn * Math.sqrt(sampled / users)
}

export function simulate(users: number, shards: number, random: Random): Simulated {
  const skew = skewAt(users, shards)
  const here = (users / shards) * skew
  const perSecond = (asksD1: boolean) =>
    ([...dayOf(users)].reduce(
      (sum, [name, times]) => sum + (asksD1 && operation(name).d1 === 0 ? 0 : times),
      0,
    ) /
      86_400) *
    PEAK
  const kvWritesPerSecond = (jobOf(users).markers / 60) * PEAK
  return {
    users,
    shards,
    skew,
    peakRequests: perSecond(false),
    peakD1Requests: perSecond(true),
    utilisation: utilisationOf(here, PEAK),
    waits: waitsOf(here, random),
    bytes: bytesOf(here),
    job: jobOf(here),
    kvWritesPerSecond,
    busiestKey: busiestKey(Math.ceil(kvWritesPerSecond), users, random),
    revocations: revocationsOf(5000, random),
    outage: outageOf(jobOf(here).markers * PEAK, random),
  }
}

const grouped = (count: number) => Math.round(count).toLocaleString('en-US')

/** What this many shards cannot bear, in words; nothing where they can. */
export function brokenBy(one: Simulated): readonly string[] {
  const { accessTokenSeconds, cleanUpRowsPerMinute, sealedEventsPerMinute } = SERVICE
  const percent = (share: number) => `${Math.round(share * 100)} %`
  const checks: readonly (readonly [boolean, string])[] = [
    [one.utilisation > HEADROOM.utilisation, `D1 busy ${percent(one.utilisation)} at the peak`],
    [
      one.bytes > HEADROOM.storage * LIMITS.databaseBytes,
      `${(one.bytes / 1e9).toFixed(1)} GB in one database`,
    ],
    [bytesOf(one.users) > LIMITS.accountBytes, 'more than an account may store'],
    [
      one.job.deletedCounters > cleanUpRowsPerMinute,
      `${grouped(one.job.deletedCounters)} counters a minute to clean up`,
    ],
    [
      one.job.sealed * PEAK > sealedEventsPerMinute,
      `${grouped(one.job.sealed * PEAK)} audit events a minute to seal`,
    ],
    [
      one.outage.drainedAfter > accessTokenSeconds,
      `revocations published ${one.outage.drainedAfter} s after an outage of KV`,
    ],
    [
      one.busiestKey > LIMITS.kvWritesPerKeyPerSecond,
      `${one.busiestKey} writes a second to one key`,
    ],
    [one.revocations.late > 0.001, `revocations later than ${BOUND_SECONDS} s`],
    [
      one.revocations.byJob.longest > BOUND_SECONDS + 60,
      `revocations that only the job could tell later than ${BOUND_SECONDS + 60} s`,
    ],
    [one.revocations.spread.longest > accessTokenSeconds, 'a revocation outlives its token'],
    [one.shards > Math.min(BUCKETS, LIMITS.bindings), 'more databases than a Worker may bind'],
  ]
  return checks.flatMap(([isBroken, text]) => (isBroken ? [text] : []))
}

/** How many users one database bears before each limit, the first met first. */
export function capacityOfOne(): readonly (readonly [limit: string, users: number])[] {
  const million = 1e6
  const job = jobOf(million)
  const capacity: readonly (readonly [string, number])[] = [
    ['10 GB stored', LIMITS.databaseBytes / bytesOf(million)],
    ['10 GB stored, with a year of the audit trail', LIMITS.databaseBytes / bytesOf(million, 365)],
    ['busy all the time at the peak', 1 / utilisationOf(million, PEAK)],
    [
      `${grouped(SERVICE.cleanUpRowsPerMinute)} counters cleaned up a minute, on the mean of a day`,
      SERVICE.cleanUpRowsPerMinute / job.deletedCounters,
    ],
    [
      `${grouped(SERVICE.sealedEventsPerMinute)} audit events sealed a minute, at the peak`,
      SERVICE.sealedEventsPerMinute / (job.sealed * PEAK),
    ],
    [
      `${SERVICE.publishedPerMinute} revocations published a minute, at the peak and with KV away`,
      SERVICE.publishedPerMinute / (job.markers * PEAK),
    ],
  ]
  return capacity
    .map(([limit, millions]) => [limit, millions * million] as const)
    .toSorted(([, a], [, b]) => a - b)
}
