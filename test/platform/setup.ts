import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, vi } from 'vitest'
import { forgetWrites } from './bindings'
import { stopClock } from './clock'
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
