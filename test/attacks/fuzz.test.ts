import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { seedsOf } from '../platform/seeds'
import { ApiDocument } from './api-document'
import { requestsOf } from './fuzz-requests'
import { World } from './fuzz-world'
import { isHeard, Tally } from './tally'

// FUZZ_SEED=… npx vitest run test/attacks/fuzz.test.ts repeats the requests of a run.
// FUZZ_REQUESTS is the number of requests for each seed.

const REQUESTS = Number(env.FUZZ_REQUESTS)

test.each(seedsOf('FUZZ_SEED'))(
  'requests drawn from the OpenAPI document are answered as it says (FUZZ_SEED=%i)',
  { timeout: 600_000 },
  async (seed) => {
    const document = await ApiDocument.fetch()
    const world = new World(document)
    const tally = new Tally()
    const requests = requestsOf(document, seed, REQUESTS)
    for (const request of requests) {
      const answer = await world.ask(request)
      tally.count(request, answer)
      if (!request.isFaithful) continue
      const { method, path } = request
      expect(isHeard(answer), `${method} ${path}: ${JSON.stringify(answer.body)}`).toBe(true)
    }
    console.info(`${requests.length} requests, FUZZ_SEED=${seed}:`, tally.summary())
  },
)

test('every operation is asked as often as its size says, twice of these faithfully', async () => {
  const document = await ApiDocument.fetch()
  const counts = seedsOf('FUZZ_SEED').map((seed) => {
    const requests = requestsOf(document, seed, REQUESTS)
    return document.operations.map(({ method, path }) => {
      const own = requests.filter((each) => each.method === method && each.path === path)
      return [method, path, own.length, own.filter(({ isFaithful }) => isFaithful).length]
    })
  })
  for (const count of counts) expect(count).toEqual(counts[0])
  for (const [, path, all, faithful] of counts[0] ?? []) {
    expect(all, String(path)).toBeGreaterThanOrEqual(4)
    expect(faithful, String(path)).toBe(2)
  }
})
