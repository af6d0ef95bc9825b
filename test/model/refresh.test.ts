import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advanceSeconds } from '../platform/clock'
import { seedsOf } from '../platform/seeds'
import { type Round, round, SHORTEST_LIVES } from './lives'
import { Run, tally } from './run'

/** For each seed. */
const RUNS = Number(env.MODEL_RUNS)

async function live(scheduler: fc.Scheduler, rounds: readonly Round[]): Promise<void> {
  const run = await Run.start(scheduler)
  for (const { waitSeconds, actions } of rounds) {
    if (!run.model.isLive(Date.now()) && run.model.isUserActive) break
    advanceSeconds(waitSeconds)
    await run.turns.all(
      actions.map((action) => run.turns.run(action.do, () => run.perform(action))),
    )
    await run.expectAgreement()
  }
}

test.each(seedsOf('MODEL_SEED'))(
  `the service agrees with the model in ${RUNS} random lives of a session (MODEL_SEED=%i)`,
  { timeout: 600_000 },
  async (seed) => {
    tally.clear()
    const rounds = fc.array(round, { minLength: 1, maxLength: 10, size: 'max' })
    const property = fc.asyncProperty(fc.scheduler(), rounds, live)
    await fc.assert(property, { numRuns: RUNS, seed })
    console.info(`${RUNS} runs, MODEL_SEED=${seed}:`, Object.fromEntries(tally))
  },
)

test.each(Object.entries(SHORTEST_LIVES))(
  'a life in which a refresh is %s',
  async (kind, rounds) => {
    tally.clear()
    // One action at a time leaves the scheduler no choice.
    const [scheduler] = fc.sample(fc.scheduler(), 1)
    if (scheduler) await live(scheduler, rounds)
    expect(tally.get(kind)).toBeGreaterThan(0)
  },
)
