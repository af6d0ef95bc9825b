import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'
import { ROOT } from './project-files.ts'

export const COVERAGE = path.join(ROOT, '.generated/coverage-by-file.json')

/** What is written: the lines of each source file that each test file runs. */
export type Coverage = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>

interface Meta {
  readonly covered?: Readonly<Record<string, readonly number[]>>
}

/** Writes down what the setup of the tests has found out: test/platform/covered.ts. */
export class CoverageByFile implements Reporter {
  #coverage: Record<string, Record<string, readonly number[]>> = {}

  onTestModuleEnd(module: TestModule): void {
    const { covered = {} }: Meta = module.meta() as object
    const own = (file: string) => path.relative(ROOT, file)
    this.#coverage[own(module.moduleId)] = Object.fromEntries(
      Object.entries(covered).map(([file, lines]) => [own(file), lines]),
    )
    if (module.state() === 'failed') console.error(`red: ${own(module.moduleId)}`)
  }

  onTestRunEnd(): void {
    mkdirSync(path.dirname(COVERAGE), { recursive: true })
    writeFileSync(COVERAGE, JSON.stringify(this.#coverage))
  }
}
