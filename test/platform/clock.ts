import { vi } from 'vitest'

// In production the clock moves only with I/O, so nothing may lean on it within a request: here it moves
// only when a test says so. Timers still run; KV, D1 and rate limits keep the time of the machine.

const START = Date.parse('2026-11-01T12:00:00.000Z')

export function stopClock(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: START })
}

export function advanceSeconds(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000)
}
