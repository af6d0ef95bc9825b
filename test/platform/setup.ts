import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, vi } from 'vitest'
import { forgetWrites } from './bindings'
import { stopClock } from './clock'
import { tellCoveredLines } from './covered-lines'
import { captureLogs } from './logs'
import { emptyMailbox } from './mails'
import { capPbkdf2 } from './pbkdf2'

// What the file before has left: the Worker is the same.
await reset()
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)

if (env.COVERAGE_BY_FILE !== '') tellCoveredLines()

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
