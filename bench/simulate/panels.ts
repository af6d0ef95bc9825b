import type { Panel } from '../simulate-plot.ts'
import { HEADROOM, LIMITS, SCALES } from './assumptions.ts'
import { daily, utilisationOf } from './database.ts'
import { BOUND_SECONDS } from './revocations.ts'
import { bytesOf, type Simulated } from './scale.ts'

// What docs/scale.svg shows.

export const TITLE = 'Gatehouse at 1, 10 and 100 million users'

const named = (users: number, shards: number) =>
  `${users / 1e6} M users on ${shards} ${shards === 1 ? 'database' : 'databases'}`

function busy(scales: readonly Simulated[]): Panel {
  const lines = scales.map(({ users, shards, skew }) => ({
    label: named(users, shards),
    points: Array.from({ length: 97 }, (_, quarter) => {
      const hour = quarter / 4
      return [hour, 100 * utilisationOf((users / shards) * skew, daily(hour))] as const
    }),
  }))
  const limit = {
    label: 'all the time',
    isLimit: true,
    points: [[0, 100] as const, [24, 100] as const],
  }
  const hours = [0, 6, 12, 18, 24].map((hour) => [hour, `${hour} h`] as const)
  const shares = [0.1, 1, 10, 100, 1000].map((share) => [share, `${share} %`] as const)
  return {
    title: 'The fullest database, busy over a day',
    x: { from: 0, to: 24, ticks: hours },
    y: { from: 0.1, to: 1000, isLog: true, ticks: shares },
    lines: [limit, ...lines],
  }
}

function stored(): Panel {
  const counts = [...new Set([1, ...SCALES.map(({ shards }) => shards)])]
  const users = Array.from({ length: 31 }, (_, step) => 1e5 * 10 ** (step / 10))
  const lines = counts.map((shards) => ({
    label: `${shards} ${shards === 1 ? 'database' : 'databases'}`,
    points: users.map((count) => [count, bytesOf(count / shards) / 1e9] as const),
  }))
  const size = LIMITS.databaseBytes / 1e9
  const flat = (label: string, gb: number) => ({
    label,
    isLimit: true,
    points: [[1e5, gb] as const, [1e8, gb] as const],
  })
  const counted = [1e5, 1e6, 1e7, 1e8].map((count) => [count, `${count / 1e6} M`] as const)
  return {
    title: 'Stored in each database, by users',
    x: { from: 1e5, to: 1e8, isLog: true, ticks: counted },
    y: {
      from: 0.001,
      to: 1000,
      isLog: true,
      ticks: [0.001, 0.01, 0.1, 1, 10, 100, 1000].map((gb) => [gb, `${gb} GB`] as const),
    },
    lines: [
      flat('10 GB, the most that D1 takes', size),
      flat('what is planned with', size * HEADROOM.storage),
      ...lines,
    ],
  }
}

function revoked([first]: readonly Simulated[]): Panel {
  const refusedAfter = (sorted: readonly number[] = []) =>
    Array.from({ length: 71 }, (_, step) => {
      const refused = sorted.filter((value) => value <= 2 * step).length
      return [2 * step, (100 * refused) / Math.max(1, sorted.length)] as const
    })
  const bound = (seconds: number) => ({
    label: `${seconds} s`,
    isLimit: true,
    points: [[seconds, 0] as const, [seconds, 100] as const],
  })
  return {
    title: 'Logouts that all locations know of, after',
    x: { from: 0, to: 140, ticks: [0, 30, 60, 90, 120].map((second) => [second, `${second} s`]) },
    y: { from: 0, to: 100, ticks: [0, 25, 50, 75, 100].map((share) => [share, `${share} %`]) },
    lines: [
      {
        ...bound(BOUND_SECONDS),
        label: `${BOUND_SECONDS} s, and ${BOUND_SECONDS + 60} s: the bounds`,
      },
      { label: 'KV told before the answer', points: refusedAfter(first?.revocations.everywhere) },
      { label: 'KV told by the job', points: refusedAfter(first?.revocations.toldByJob) },
      { ...bound(BOUND_SECONDS + 60), label: '' },
    ],
  }
}

export function panelsOf(scales: readonly Simulated[]): readonly Panel[] {
  return [busy(scales), stored(), revoked(scales)]
}
