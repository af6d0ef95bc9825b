// Which lines of the source a test file runs, for the mutants: the counters of istanbul, before and after the file.

interface FileCoverage {
  readonly path: string
  readonly statementMap: Readonly<
    Record<string, { start: { line: number }; end: { line: number } }>
  >
  readonly s: Readonly<Record<string, number>>
}

declare global {
  var __VITEST_COVERAGE__: Readonly<Record<string, FileCoverage>> | undefined
}

type Counts = ReadonlyMap<string, Readonly<Record<string, number>>>

export function countsNow(): Counts {
  const files = Object.values(globalThis.__VITEST_COVERAGE__ ?? {})
  return new Map(files.map(({ path, s }) => [path, { ...s }]))
}

/** The lines of each file whose statements have run since. What runs as a module is loaded counts for the first that loads it. */
export function linesRunSince(before: Counts): Readonly<Record<string, readonly number[]>> {
  const files = Object.values(globalThis.__VITEST_COVERAGE__ ?? {})
  return Object.fromEntries(
    files.flatMap(({ path, s, statementMap }) => {
      const counted = before.get(path) ?? {}
      const lines = Object.entries(s).flatMap(([id, count]) => {
        const place = statementMap[id]
        if (!place || count === (counted[id] ?? 0)) return []
        const { start, end } = place
        return Array.from({ length: end.line - start.line + 1 }, (_, index) => start.line + index)
      })
      return lines.length > 0 ? [[path, [...new Set(lines)]]] : []
    }),
  )
}
