import { afterAll, beforeEach, test } from 'vitest'
import { expectEndured, hastenPauses } from './endure'
import { tellFaults } from './faults'
import type { Flow } from './flow'
import { readState, startAnew } from './state'

/** A test for each flow. */
export async function describeEndurance(flows: readonly Flow[]): Promise<void> {
  const nobody = await readState()

  beforeEach(async () => {
    await startAnew(nobody)
    hastenPauses()
  })

  test.each(flows.map((flow) => [nameOf(flow), flow] as const))('%s', (_name, flow) =>
    expectEndured(flow),
  )

  afterAll(tellFaults)
}

const nameOf = ({ operation, name }: Flow) => (name ? `${operation}, ${name}` : operation)
