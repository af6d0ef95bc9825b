import { afterAll, beforeAll } from 'vitest'

// Which lines of src a test file runs: `COVERAGE_BY_FILE=1 npm test` writes it down for all.

type Lines = Readonly<Record<string, readonly number[]>>

export interface Covered {
  /** Run by the tests themselves. */
  readonly byTests: Lines
  /** Run while the file was imported, as constants are. */
  readonly atImport: Lines
}

declare module 'vitest' {
  interface TaskMeta {
    covered?: Covered
  }
}

/** As much of what istanbul counts as is looked at. */
interface FileCounts {
  readonly statementMap: Readonly<Record<string, Statement>>
  readonly s: Readonly<Record<string, number>>
}

interface Statement {
  readonly start: { readonly line: number }
  readonly end: { readonly line: number }
}

type Counts = Readonly<Record<string, FileCounts>>
type Numbers = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Where vitest has istanbul count. */
const counts = (): Counts => Reflect.get(globalThis, '__VITEST_COVERAGE__') ?? {}

/** Has the file that is being run tell the reporter what it covers. */
export function tellCoveredLines(): void {
  let before: Numbers = {}
  let atImport: Lines = {}

  beforeAll(() => {
    before = Object.fromEntries(Object.entries(counts()).map(([path, { s }]) => [path, { ...s }]))
    atImport = linesSince({})
  })

  // biome-ignore lint/correctness/noEmptyPattern: vitest wants to see which fixtures are taken, and none are.
  afterAll(({}, { file }) => {
    file.meta.covered = { byTests: linesSince(before), atImport }
  })
}

function linesSince(before: Numbers): Lines {
  const covered = Object.entries(counts()).map(([path, { statementMap, s }]) => {
    const statements = Object.entries(statementMap).map(([id, { start, end }]) => ({
      from: start.line,
      to: end.line,
      isRun: (s[id] ?? 0) > (before[path]?.[id] ?? 0),
    }))
    return [path.replace(/^.*?\/(?=src\/)/, ''), linesOf(statements)] as const
  })
  return Object.fromEntries(covered.filter(([, lines]) => lines.length > 0))
}

/** A line counts as run where the innermost statement that has it was run. */
function linesOf(statements: readonly { from: number; to: number; isRun: boolean }[]): number[] {
  const isRun = new Map<number, boolean>()
  const outermostFirst = statements.toSorted((a, b) => b.to - b.from - (a.to - a.from))
  for (const statement of outermostFirst) {
    for (let line = statement.from; line <= statement.to; line++) isRun.set(line, statement.isRun)
  }
  return [...isRun].flatMap(([line, run]) => (run ? line : [])).toSorted((a, b) => a - b)
}
