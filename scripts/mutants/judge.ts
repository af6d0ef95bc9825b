import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { copyProject } from '../copy-project.ts'
import type { Answered, Asked } from './bench.ts'
import type { CoveringTest } from './covering.ts'
import type { Mutant } from './generate.ts'

/** `timeout` counts as noticed: a test that never ends is red. */
export type Verdict = 'killed' | 'timeout' | 'SURVIVED' | 'UNCOVERED'

/** How long the tests of each round take: those of the next run where these have not noticed. */
const ROUNDS_MS = [3_000, 15_000, 60_000, Number.POSITIVE_INFINITY]
/** A survivor of these has still all other tests before it. */
const QUICK_ROUNDS = 2
const START_LIMIT_MS = 120_000
const RUN_LIMIT_MS = 180_000

/** Holds mutants against tests, one at a time, in a copy of the project of its own. */
export class Judge {
  #copy: string
  #bench: ChildProcess | null = null

  private constructor(copy: string) {
    this.#copy = copy
  }

  static async open(): Promise<Judge> {
    return new Judge(await copyProject())
  }

  async close(): Promise<void> {
    this.#bench?.kill('SIGKILL')
    await rm(this.#copy, { recursive: true, force: true })
  }

  /** Those most likely to notice run first; the rest only where they have not. */
  async judge(
    mutant: Mutant,
    tests: readonly CoveringTest[],
    { isQuick }: { isQuick: boolean },
  ): Promise<Verdict> {
    if (tests.length === 0) return 'UNCOVERED'
    const rounds = roundsOf(tests, isQuick ? ROUNDS_MS.slice(0, QUICK_ROUNDS) : ROUNDS_MS)
    for (const round of rounds) {
      const answered = await this.ask({ mutant, tests: round })
      if (!answered) return 'timeout'
      if (answered.failed > 0 || answered.passed === 0) return 'killed'
    }
    return 'SURVIVED'
  }

  /** Null where there was no answer in time; then the next question begins with a fresh copy. */
  async ask(asked: Asked): Promise<Answered | null> {
    const bench = this.#bench ?? (await this.#start())
    const limit = RUN_LIMIT_MS + asked.tests.length * 10_000
    bench.send(asked)
    const answered = await nextMessage(bench, limit)
    if (answered) return answered
    await this.close()
    this.#bench = null
    this.#copy = await copyProject()
    return null
  }

  async #start(): Promise<ChildProcess> {
    const bench = fork(path.join(import.meta.dirname, 'bench.ts'), [this.#copy], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    if (!(await nextMessage(bench, START_LIMIT_MS))) throw new Error('vitest did not start')
    this.#bench = bench
    return bench
  }
}

function roundsOf(
  tests: readonly CoveringTest[],
  limits: readonly number[],
): readonly (readonly string[])[] {
  const rounds: string[][] = limits.map(() => [])
  let spent = 0
  for (const { file, milliseconds } of tests) {
    spent += milliseconds
    rounds[limits.findIndex((limit) => spent <= limit)]?.push(file)
  }
  return rounds.filter((round) => round.length > 0)
}

async function nextMessage(bench: ChildProcess, limitMs: number): Promise<Answered | null> {
  const answered = new AbortController()
  const signal = AbortSignal.any([answered.signal, AbortSignal.timeout(limitMs)])
  try {
    const [message] = await Promise.race([
      once(bench, 'message', { signal }),
      once(bench, 'exit', { signal }).then(() => [null]),
    ])
    return message
  } catch {
    return null
  } finally {
    answered.abort()
  }
}
