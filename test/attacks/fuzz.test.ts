import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Problem } from '../../src/http/wire'
import type { Answer } from '../platform/client'
import { ApiDocument } from './api-document'
import { anyRequest, everyField, type FuzzedRequest } from './fuzz-requests'
import { World } from './fuzz-world'

// FUZZ_SEED=… npx vitest run test/attacks/fuzz.test.ts asks again what a run has asked; FUZZ_REQUESTS says how many.

const REQUESTS = Number(env.FUZZ_REQUESTS)
const SEED = env.FUZZ_SEED === '' ? Date.now() % 2 ** 31 : Number(env.FUZZ_SEED)

/** What came of the requests, to see that they go where they should. */
class Tally {
  readonly #statuses = new Map<number, number>()
  readonly #heard = new Map<string, number>()
  readonly #succeeded = new Map<string, number>()

  count({ method, path }: FuzzedRequest, { status, body }: Answer): void {
    const operation = `${method} ${path}`
    add(this.#statuses, status)
    if (status < 400) add(this.#succeeded, operation)
    if (status < 400 || !AT_THE_DOOR.includes(Problem().parse(body).code)) {
      add(this.#heard, operation)
    }
  }

  /** Operations that were asked by somebody who may ask, in JSON. */
  get heard(): number {
    return this.#heard.size
  }

  get succeeded(): number {
    return [...this.#succeeded.values()].reduce((sum, count) => sum + count, 0)
  }

  summary() {
    const never = [...this.#heard.keys()].filter((operation) => !this.#succeeded.has(operation))
    return { ...Object.fromEntries(this.#statuses), 'never succeeded': never }
  }
}

const AT_THE_DOOR: readonly string[] = [
  'missing_token',
  'invalid_token',
  'malformed_json',
  'payload_too_large',
  'unsupported_media_type',
]

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

test(`${REQUESTS} requests drawn from the OpenAPI document are answered as it says (FUZZ_SEED=${SEED})`, {
  timeout: 600_000,
}, async () => {
  const document = await ApiDocument.fetch()
  const world = new World(document)
  const tally = new Tally()
  const property = fc.asyncProperty(anyRequest(document), async (request) => {
    tally.count(request, await world.ask(request))
  })
  await fc.assert(property, { numRuns: REQUESTS, seed: SEED })
  console.info(`${REQUESTS} requests, FUZZ_SEED=${SEED}:`, tally.summary())
  if (REQUESTS < 2000) return
  expect(tally.heard).toBe(document.operations.length)
  expect(tally.succeeded / REQUESTS).toBeGreaterThan(0.2)
})

test(`every field and parameter takes every hostile value, or refuses it (FUZZ_SEED=${SEED})`, {
  timeout: 600_000,
}, async () => {
  const document = await ApiDocument.fetch()
  const world = new World(document)
  const tally = new Tally()
  let count = 0
  for (const request of everyField(document, SEED)) {
    tally.count(request, await world.ask(request))
    count++
  }
  console.info(`${count} hostile values, FUZZ_SEED=${SEED}:`, tally.summary())
  expect(count).toBeGreaterThan(2000)
})
