import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'
import type { Covered } from '../../test/platform/covered-lines.ts'
import { ROOT } from './project-files.ts'

export const COVERAGE = path.join(ROOT, '.generated/coverage-by-file.json')

/** The lines of each source file. */
type Lines = Readonly<Record<string, readonly number[]>>

export interface TestCoverage {
  readonly lines: Lines
  readonly milliseconds: number
}

export interface Coverage {
  /** What each test file runs, and how long that takes. */
  readonly tests: Readonly<Record<string, TestCoverage>>
  /** What runs when a file is loaded, whichever test is the first to do so. */
  readonly atImport: Lines
}

/** Writes which lines of src each test file runs, as the files tell it (test/platform/covered-lines.ts). */
export class CoverageByFile implements Reporter {
  readonly #tests: Record<string, TestCoverage> = {}
  readonly #atImport = new Map<string, Set<number>>()

  onTestModuleEnd(module: TestModule): void {
    const { covered }: { covered?: Covered } = module.meta()
    if (!covered) return
    const milliseconds = Math.round(module.diagnostic().duration)
    this.#tests[module.relativeModuleId] = { lines: covered.byTests, milliseconds }
    for (const [file, lines] of Object.entries(covered.atImport)) {
      const known = this.#atImport.get(file) ?? []
      this.#atImport.set(file, new Set([...known, ...lines]))
    }
  }

  onTestRunEnd(): void {
    const atImport = [...this.#atImport].map(([file, lines]) => [
      file,
      [...lines].toSorted((a, b) => a - b),
    ])
    const all: Coverage = { tests: this.#tests, atImport: Object.fromEntries(atImport) }
    mkdirSync(path.dirname(COVERAGE), { recursive: true })
    writeFileSync(COVERAGE, `${JSON.stringify(all)}\n`)
  }
}
