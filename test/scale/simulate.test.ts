import { describe, expect, test } from 'vitest'
import { seeded } from '../../bench/numbers'
import { SERVICE } from '../../bench/simulate/assumptions'
import { daily } from '../../bench/simulate/database'
import { panelsOf, TITLE } from '../../bench/simulate/panels'
import { brokenBy, simulate } from '../../bench/simulate/scale'
import {
  BUCKETS,
  bucketOfEmail,
  bucketOfId,
  shardOfBucket,
  withBucket,
} from '../../bench/simulate/shards'
import { brokenScales, simulateScales, tablesOf, withTables } from '../../bench/simulate/tables'
import { plot } from '../../bench/simulate-plot'
import document from '../../docs/scale.md?raw'
import picture from '../../docs/scale.svg?raw'
import { uuidV7 } from '../../src/crypto/uuid'

const sources = import.meta.glob<string>(
  '../../src/{auth/{clean-up,seal-audit-events,publish-revocations}.ts,store/revocation-markers.ts}',
  { query: '?raw', eager: true, import: 'default' },
)
const source = Object.values(sources).join('\n')

/** A constant of the service, as its source has it. */
const constant = (name: string) =>
  Number(new RegExp(`const ${name} = ([\\d_]+)`).exec(source)?.[1]?.replaceAll('_', ''))

test('the simulation is of the limits that the service has', () => {
  expect(Object.keys(sources)).toHaveLength(4)
  expect(constant('CACHE_TTL_SECONDS')).toBe(SERVICE.cacheTtlSeconds)
  expect(constant('PENDING_LIMIT')).toBe(SERVICE.publishedPerMinute)
  expect(constant('CHECKPOINT_EVENTS') * constant('CHECKPOINTS_A_RUN')).toBe(
    SERVICE.sealedEventsPerMinute,
  )
  const cleanUp = sources['../../src/auth/clean-up.ts'] ?? ''
  expect(cleanUp).toContain(`const CHUNK = ${SERVICE.cleanUpRowsPerMinute}\n`)
})

describe('docs/scale.md', () => {
  const scales = simulateScales()

  test('shows what the simulation comes to; `npm run bench:simulate` renews it', () => {
    expect(withTables(document, tablesOf(scales))).toBe(document)
    expect(plot(TITLE, panelsOf(scales))).toBe(picture)
  })

  test('recommends databases that bear it', () => {
    expect(brokenScales(scales)).toEqual([])
  })
})

test('the day that is simulated is one day of work, and never less than none', () => {
  const minutes = Array.from({ length: 1440 }, (_, minute) => daily(minute / 60))
  expect(minutes.reduce((a, b) => a + b) / 1440).toBeCloseTo(1)
  expect(Math.min(...minutes)).toBeGreaterThan(0.1)
})

test('too few databases are said to be too few, and why', () => {
  expect(brokenBy(simulate(1e5, 1, seeded(1)))).toEqual([])
  expect(brokenBy(simulate(10e6, 1, seeded(1)))).toEqual([
    expect.stringMatching(/^D1 busy \d+ % at the peak$/),
    expect.stringMatching(/^[\d.]+ GB in one database$/),
  ])
  expect(brokenBy(simulate(100e6, 1, seeded(1)))).toEqual([
    expect.stringMatching(/^D1 busy \d+ % at the peak$/),
    expect.stringMatching(/^[\d.]+ GB in one database$/),
    expect.stringMatching(/^[\d,]+ counters a minute to clean up$/),
    expect.stringMatching(/^revocations published \d+ s after an outage of KV$/),
  ])
  expect(brokenBy(simulate(10e9, 6000, seeded(1)))).toContain('more than an account may store')
})

describe('a bucket', () => {
  test('is that of the address however it is typed, and there is none of what is no address', () => {
    expect(bucketOfEmail(' Ada@Example.COM ')).toBe(bucketOfEmail('ada@example.com'))
    expect(bucketOfEmail('nobody')).toBeNull()
    const keys = ['one', 'another', 'a third']
    expect(new Set(keys.map((key) => bucketOfEmail('ada@example.com', key))).size).toBe(3)
  })

  test('is carried by an id that stays a UUIDv7 of its time', () => {
    const now = Date.now()
    const id = uuidV7(now)
    for (const bucket of [0, 7, BUCKETS - 1]) {
      const carrying = withBucket(id, bucket)
      expect(bucketOfId(carrying)).toBe(bucket)
      expect(carrying).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
      expect([carrying.slice(0, 13), carrying.slice(19)]).toEqual([id.slice(0, 13), id.slice(19)])
    }
  })

  test('goes to one of two when the databases are doubled', () => {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      expect(shardOfBucket(bucket, 16) >> 1).toBe(shardOfBucket(bucket, 8))
    }
  })
})
