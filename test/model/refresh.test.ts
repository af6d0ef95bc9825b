import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advanceSeconds } from '../platform/clock'
import { round } from './lives'
import { Run, tally } from './run'

const RUNS = Number(env.MODEL_RUNS)
const SEED = env.MODEL_SEED === '' ? Date.now() % 2 ** 31 : Number(env.MODEL_SEED)

test(`the service agrees with the model in ${RUNS} random lives of a session (MODEL_SEED=${SEED})`, {
  timeout: 600_000,
}, async () => {
  const property = fc.asyncProperty(
    fc.scheduler(),
    fc.array(round, { minLength: 1, maxLength: 10, size: 'max' }),
    async (scheduler, rounds) => {
      const run = await Run.start(scheduler)
      for (const { waitSeconds, actions } of rounds) {
        if (!run.model.isLive(Date.now()) && run.model.isUserActive) break
        advanceSeconds(waitSeconds)
        await run.turns.all(
          actions.map((action) => run.turns.run(action.do, () => run.perform(action))),
        )
        await run.expectAgreement()
      }
    },
  )
  await fc.assert(property, { numRuns: RUNS, seed: SEED })
  console.info(`${RUNS} runs, MODEL_SEED=${SEED}:`, Object.fromEntries(tally))
  const kinds = [
    'rotated',
    'retried',
    'unchanged',
    'overtaken',
    'reused',
    'session_ended',
    'authenticated_again',
    'used_from_many_networks',
    'held',
    'changed',
    'repeated',
  ]
  for (const kind of kinds) expect(tally.get(kind), kind).toBeGreaterThan(0)
})
