// A process of its own: one vitest, kept between mutants so that what they share is built once. It is told a mutant and the
// test files to run, answers how many passed and failed, and is ended by its parent when it takes too long.
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createVitest, type TestSpecification } from 'vitest/node'
import { type Mutant, mutated } from './generate.ts'

export interface Asked {
  /** Null runs the tests on the code as it is. */
  readonly mutant: Mutant | null
  readonly tests: readonly string[]
}

export interface Answered {
  readonly passed: number
  readonly failed: number
}

const copy = process.argv[2] ?? ''
process.chdir(copy)
const vitest = await createVitest('test', {
  root: copy,
  watch: true,
  bail: 1,
  maxWorkers: 1,
  coverage: { enabled: false },
  reporters: [{}],
})

async function answer({ mutant, tests }: Asked): Promise<Answered> {
  if (!mutant) return runTests(tests)
  const target = path.join(copy, mutant.file)
  const source = await readFile(target, 'utf8')
  await writeFile(target, mutated(source, mutant))
  vitest.invalidateFile(target)
  try {
    return await runTests(tests)
  } finally {
    await writeFile(target, source)
    vitest.invalidateFile(target)
  }
}

async function runTests(tests: readonly string[]): Promise<Answered> {
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(
    await specificationsOf(tests),
  )
  const states = testModules.flatMap((module) => [
    // One that does not even load has no tests.
    ...(module.errors().length > 0 ? ['failed'] : []),
    ...[...module.children.allTests()].map((test) => test.result().state),
  ])
  const failed = states.filter((state) => state === 'failed').length + unhandledErrors.length
  return { failed, passed: states.filter((state) => state === 'passed').length }
}

const specifications = new Map<string, TestSpecification>()

async function specificationsOf(tests: readonly string[]): Promise<TestSpecification[]> {
  if (specifications.size === 0) {
    for (const specification of await vitest.globTestSpecifications()) {
      specifications.set(path.relative(copy, specification.moduleId), specification)
    }
  }
  return tests.flatMap((test) => specifications.get(test) ?? [])
}

process.on('message', (asked: Asked) => {
  answer(asked).then(
    (answered) => process.send?.(answered),
    (error) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.send?.({ passed: 0, failed: 0 } satisfies Answered)
