interface Tally {
  readonly milliseconds: number[]
  readonly labels: Map<string, number>
}

/** What came back: how often, how fast and with which status, for each verb. */
export class Statistics {
  readonly #verbs = new Map<string, Tally>()
  #count = 0

  /** @param label a status and the code of a problem, or why there is none */
  note(verb: string, label: string, milliseconds: number): void {
    const tally: Tally = this.#verbs.get(verb) ?? { milliseconds: [], labels: new Map() }
    this.#verbs.set(verb, tally)
    tally.milliseconds.push(milliseconds)
    tally.labels.set(label, (tally.labels.get(label) ?? 0) + 1)
    this.#count++
  }

  get count(): number {
    return this.#count
  }

  /** How many answers of each status. */
  statuses(): string {
    const sums = new Map<string, number>()
    for (const { labels } of this.#verbs.values()) {
      for (const [label, count] of labels) {
        const status = /^\d+/.exec(label)?.[0] ?? label
        sums.set(status, (sums.get(status) ?? 0) + count)
      }
    }
    return [...sums]
      .toSorted()
      .map(([status, count]) => `${status}: ${count}`)
      .join(', ')
  }

  lines(seconds: number): readonly string[] {
    const heading = ['verb', 'count', '1/s', 'p50 ms', 'p99 ms', 'answers'] as const
    const rows = [...this.#verbs]
      .toSorted(([, a], [, b]) => b.milliseconds.length - a.milliseconds.length)
      .map(([verb, { milliseconds, labels }]) => {
        const sorted = Float64Array.from(milliseconds).sort()
        const answers = [...labels].toSorted().map(([label, count]) => `${label}: ${count}`)
        return [
          verb,
          String(sorted.length),
          (sorted.length / seconds).toFixed(1),
          percentile(sorted, 0.5).toFixed(0),
          percentile(sorted, 0.99).toFixed(0),
          answers.join(', '),
        ]
      })
    return table([heading, ...rows])
  }
}

export function percentile(sorted: ArrayLike<number>, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) =>
        /^[\d.]+$/.test(cell)
          ? cell.padStart(widths[column] ?? 0)
          : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}
