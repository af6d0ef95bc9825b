import { KV, SERVICE } from './assumptions.ts'
import { ascending, exponential, quantile, type Random } from './random.ts'

// From a logout until /auth/verify refuses the token everywhere: D1 has it at once, KV is told before the answer, and each
// location goes on with what it has read for cacheTtl.

/** Seconds: the longest where KV takes the write, and where it takes it only from the job. */
const { cacheTtlSeconds, accessTokenSeconds, publishedPerMinute } = SERVICE
export const BOUND_SECONDS = cacheTtlSeconds + KV.propagationSeconds + 2
const RETRY_SECONDS = 1.1
const OUTAGE_SECONDS = 600

/** When the locations see what KV has been given at `told`, the last of them; and one of them. */
function seenAfter(told: number, random: Random) {
  const landed = told + Math.min(1, (KV.landsMs / 1000) * (0.5 + exponential(random, 0.5)))
  const seen = Array.from(
    { length: KV.locations },
    () => landed + random() * KV.propagationSeconds + random() * cacheTtlSeconds,
  )
  return { everywhere: Math.max(...seen), somewhere: seen[0] ?? landed }
}

/** When KV has been told, of something ended at 0. */
function toldAt(random: Random): number {
  const fails = () => random() < KV.failureShare
  if (!fails()) return 0
  if (!fails()) return RETRY_SECONDS
  return random() * 60
}

// A token is good for 15 minutes at most, whatever KV does: it may have been issued just before.
const atMost = (seconds: number) => Math.min(seconds, accessTokenSeconds)

export interface Spread {
  readonly p50: number
  readonly p99: number
  readonly longest: number
}

function spreadOf(sorted: readonly number[]): Spread {
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), longest: sorted.at(-1) ?? 0 }
}

/** Of so many logouts on an ordinary day; `byJob` of those that KV refused twice, so that the next job tells it. */
export function revocationsOf(times: number, random: Random) {
  const seen = Array.from({ length: times }, () => seenAfter(toldAt(random), random))
  const everywhere = ascending(seen.map((one) => atMost(one.everywhere)))
  const somewhere = ascending(seen.map((one) => atMost(one.somewhere)))
  const toldByJob = ascending(seen.map(() => atMost(seenAfter(random() * 60, random).everywhere)))
  const late = everywhere.filter((seconds) => seconds > BOUND_SECONDS).length / times
  return {
    everywhere,
    somewhere: spreadOf(somewhere),
    spread: spreadOf(everywhere),
    toldByJob,
    byJob: spreadOf(toldByJob),
    late,
  }
}

/** KV takes no write for ten minutes, and then the job of one shard tells it, so many a minute. */
export function outageOf(markersPerMinute: number, random: Random) {
  const backlog = Math.ceil((markersPerMinute * OUTAGE_SECONDS) / 60)
  const seconds: number[] = []
  for (let place = 0; place < Math.max(1, backlog); place++) {
    const endedAt = (place / Math.max(1, backlog)) * OUTAGE_SECONDS
    const run = Math.floor(place / publishedPerMinute)
    const told = OUTAGE_SECONDS + 60 * (run + random()) - endedAt
    seconds.push(atMost(seenAfter(told, random).everywhere))
  }
  return {
    backlog,
    drainedAfter: 60 * Math.ceil(backlog / publishedPerMinute),
    spread: spreadOf(ascending(seconds)),
  }
}

/** The most writes that one key gets in a second, in an hour of so many a second for so many people. */
export function busiestKey(perSecond: number, people: number, random: Random): number {
  let most = 0
  for (let second = 0; second < 3600; second++) {
    const written = new Map<number, number>()
    for (let write = 0; write < perSecond; write++) {
      const person = Math.floor(random() * people)
      written.set(person, (written.get(person) ?? 0) + 1)
    }
    most = Math.max(most, ...written.values())
  }
  return most
}
