import { median } from '../numbers.ts'
import { memoryMegabytes } from '../serve.ts'

const EVERY_MS = 2000
const SHORTEST_MS = 150_000
/**
 * What the last third of the steady load may hold beyond the middle third. V8 collects late: a Worker that does nothing but
 * answer takes 220 MB more in its first 40,000 requests, and then levels off. So this finds what grows faster than that for
 * longer: tens of kilobytes kept for each request, not a few.
 */
const GROWTH = { factor: 1.15, megabytes: 64 } as const

/** Samples what workerd holds. */
export class Memory {
  readonly #samples: number[] = []
  #steady = 0
  readonly #timer: NodeJS.Timeout

  constructor(pid: number) {
    const sample = () => void this.#samples.push(memoryMegabytes(pid))
    sample()
    this.#timer = setInterval(sample, EVERY_MS)
  }

  /** The steady load is over: what comes now is compared with nothing. */
  endSteady(): void {
    this.#steady = this.#samples.length
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  judge(): { readonly text: string; readonly isBounded: boolean } {
    const steady = this.#samples.slice(0, this.#steady)
    const third = Math.floor(steady.length / 3)
    const middle = median(steady.slice(third, 2 * third))
    const last = median(steady.slice(-third))
    const bound = middle * GROWTH.factor + GROWTH.megabytes
    const peak = Math.max(...this.#samples)
    const [start = 0] = this.#samples
    const end = this.#samples.at(-1) ?? 0
    // One that has just begun grows for good reasons: for some two minutes, to 650 MB and no further.
    const isTold = steady.length * EVERY_MS >= SHORTEST_MS
    const ends = `start ${start.toFixed(0)}, peak ${peak.toFixed(0)}, end ${end.toFixed(0)} MB`
    const thirds = `middle third ${middle.toFixed(0)}, last third ${last.toFixed(0)}`
    return {
      text: `${ends}; steady: ${thirds}, ${isTold ? `at most ${bound.toFixed(0)} MB` : 'too short to tell'}`,
      isBounded: last <= bound || !isTold,
    }
  }
}
