import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { COVERAGE, type Coverage, type TestCoverage } from './coverage-by-file.ts'
import type { Mutant } from './generate.ts'
import { projectFiles, ROOT } from './project-files.ts'

const STATE = path.join(ROOT, '.generated/coverage-by-file.sha256')

/** A test file, and how long it takes. */
export interface CoveringTest {
  readonly file: string
  readonly milliseconds: number
}

/**
 * The test files that run the line of a mutant, those first that are most about its file and the quickest. What runs when
 * its file is loaded bears on every test that runs any of it.
 */
export async function readCoverage(): Promise<(mutant: Mutant) => readonly CoveringTest[]> {
  const { tests, atImport } = await freshCoverage()
  const testsThat = (run: (lines: readonly number[]) => boolean, source: string) =>
    Object.entries(tests)
      .filter(([, { lines }]) => run(lines[source] ?? []))
      .toSorted(([a, one], [b, other]) => worth(b, other, source) - worth(a, one, source))
      .map(([file, { milliseconds }]) => ({ file, milliseconds }))
  return ({ file, line }) => {
    const isNear = (lines: readonly number[]) => lines.some((each) => Math.abs(each - line) <= 1)
    const running = testsThat(isNear, file)
    if (running.length > 0 && !isNear(atImport[file] ?? [])) return running
    return testsThat((lines) => lines.length > 0, file)
  }
}

/** How much of the source a test runs in a second, and the more where their names are alike. */
function worth(test: string, { lines, milliseconds }: TestCoverage, source: string): number {
  const count = lines[source]?.length ?? 0
  return (count * (1 + 3 * likeness(test, source))) / (300 + milliseconds)
}

/** How many words the names of two files share. */
function likeness(test: string, file: string): number {
  const words = new Set(wordsOf(file))
  return wordsOf(test).filter((word) => words.has(word)).length
}

function wordsOf(file: string): readonly string[] {
  return path
    .basename(file)
    .replace(/(?:\.test)?\.tsx?$/, '')
    .split(/\W/)
    .map((word) => word.replace(/s$/, ''))
}

// Made anew when a source or a test has changed: one run of all tests.
async function freshCoverage(): Promise<Coverage> {
  const state = await stateOfSources()
  if ((await readFile(STATE, 'utf8').catch(() => '')) !== state) {
    console.log('finding out which tests cover which lines: one run of all of them')
    const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs')
    const run = spawn(process.execPath, [vitest, 'run', '--coverage'], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, COVERAGE_BY_FILE: '1' },
    })
    const [code] = await once(run, 'exit')
    if (code !== 0) throw new Error('the tests fail without any mutant')
    await writeFile(STATE, state)
  }
  return JSON.parse(await readFile(COVERAGE, 'utf8'))
}

async function stateOfSources(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of await projectFiles('src', 'test', 'migrations')) {
    hash.update(file).update(await readFile(path.join(ROOT, file)))
  }
  return hash.digest('hex')
}
