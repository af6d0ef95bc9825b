import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll, afterEach, beforeEach, vi } from 'vitest'
import { forgetWrites } from './bindings'
import { stopClock } from './clock'
import { countsNow, linesRunSince } from './covered'
import { captureLogs } from './logs'
import { emptyMailbox } from './mails'
import { capPbkdf2 } from './pbkdf2'

await reset()
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)

beforeEach(() => {
  stopClock()
  capPbkdf2()
  captureLogs()
  emptyMailbox()
  forgetWrites()
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

if (env.COVERAGE_BY_FILE !== '') {
  const before = countsNow()
  // biome-ignore lint/correctness/noEmptyPattern: vitest asks for a pattern, of what it is to hand over
  afterAll(({}, suite) => {
    Object.assign(suite.file.meta, { covered: linesRunSince(before) })
  })
}
