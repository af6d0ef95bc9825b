import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'
import type { Covered } from '../../test/platform/covered-lines.ts'
import { ROOT } from './project-files.ts'

export const COVERAGE = path.join(ROOT, '.generated/coverage-by-file.json')

/** `{ 'test/a.test.ts': { 'src/b.ts': [1, 2] } }`; `'at import'` stands for all files, for lines that run when they load. */
export type Coverage = Record<string, Readonly<Record<string, readonly number[]>>>

/** Writes which lines of src each test file runs, as the files tell it (test/platform/covered-lines.ts). */
export class CoverageByFile implements Reporter {
  readonly #byFile: Coverage = {}
  readonly #atImport = new Map<string, Set<number>>()

  onTestModuleEnd(module: TestModule): void {
    const { covered }: { covered?: Covered } = module.meta()
    if (!covered) return
    this.#byFile[module.relativeModuleId] = covered.byTests
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
    const all: Coverage = { ...this.#byFile, 'at import': Object.fromEntries(atImport) }
    mkdirSync(path.dirname(COVERAGE), { recursive: true })
    writeFileSync(COVERAGE, `${JSON.stringify(all)}\n`)
  }
}
