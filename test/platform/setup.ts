import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, vi } from 'vitest'
import { stopClock } from './clock'
import { captureLogs } from './logs'
import { capPbkdf2 } from './pbkdf2'

await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)

beforeEach(() => {
  stopClock()
  capPbkdf2()
  captureLogs()
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})
