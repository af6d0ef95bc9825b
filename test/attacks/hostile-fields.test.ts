import { expect, test } from 'vitest'
import { seedsOf } from '../platform/seeds'
import { ApiDocument } from './api-document'
import { everyField } from './fuzz-requests'
import { World } from './fuzz-world'
import { Tally } from './tally'

// FUZZ_SEED=… npx vitest run test/attacks/hostile-fields.test.ts repeats the requests of a run. The seeds take turns.

const SEEDS = seedsOf('FUZZ_SEED')

test(`every field and parameter takes every hostile value, or refuses it (FUZZ_SEED=${SEEDS.join(' and ')})`, {
  timeout: 600_000,
}, async () => {
  const document = await ApiDocument.fetch()
  const world = new World(document)
  const tally = new Tally()
  let count = 0
  for (const request of everyField(document, SEEDS)) {
    tally.count(request, await world.ask(request))
    count++
  }
  console.info(`${count} hostile values, FUZZ_SEED=${SEEDS.join(' and ')}:`, tally.summary())
  expect(count).toBeGreaterThan(2000)
})
