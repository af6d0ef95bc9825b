/** As `seeded` of ../numbers.ts makes them. */
export type Random = () => number

export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random())
}

/** Of values in ascending order. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export function ascending(values: readonly number[]): readonly number[] {
  return values.toSorted((a, b) => a - b)
}
