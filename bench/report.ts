import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import type { Measured } from './load.ts'
import { median } from './numbers.ts'

/** What one kind of request did, round by round. */
export interface Result {
  readonly name: string
  readonly connections: number
  readonly rounds: readonly Measured[]
}

/** Our request, its floor, and how much of the floor's requests a second it has to reach. */
export const RATIOS = [
  ['GET /auth/verify', '(c)', 0.85],
  ['GET /auth/me', '(d)', 0.85],
  ['POST /auth/refresh', '(e)', 0.8],
] as const

/** Our request, the floor with its D1 batches, and how many milliseconds of CPU it may take over the derivation. */
const OVER_DERIVATION = [
  ['POST /auth/login', '(g)', 1.5],
  ['POST /auth/signup', '(h)', 2],
] as const

export function resultOf(results: readonly Result[], start: string, connections: number): Result {
  const found = results.find(
    (result) => result.name.startsWith(start) && result.connections === connections,
  )
  if (!found) throw new Error(`nothing was measured of ${start}`)
  return found
}

/** The median, over the rounds, of what ours reached of its floor in the same round. */
export function ratioOf(ours: Result, floor: Result, figure: 'perSecond' | 'cpu'): number {
  return median(
    ours.rounds.map((round, i) => round[figure] / (floor.rounds[i]?.[figure] ?? Number.NaN)),
  )
}

/** Two tables in Markdown: what is asked for, and all that was measured. */
export function reportOf(
  results: readonly Result[],
  run: { derivation: number; rounds: number; seconds: number },
): string {
  return `${describe(run)}

| over the floor of the same round | at 32 | at 1 | goal | |
|---|---:|---:|---:|---|
${[...ratioRows(results), ...cpuRows(results)].join('\n')}

| | at once | requests/s | p50 ms | p99 ms | CPU ms |
|---|---:|---:|---:|---:|---:|
${results.map(row).join('\n')}

Six PBKDF2 calls of 100,000 iterations take ${run.derivation.toFixed(1)} ms of CPU here; the rows above have a tenth of that.
`
}

function ratioRows(results: readonly Result[]): string[] {
  return RATIOS.map(([name, start, goal]) => {
    const ratio = (connections: number) =>
      ratioOf(
        resultOf(results, name, connections),
        resultOf(results, start, connections),
        'perSecond',
      )
    const cells = [ratio(32).toFixed(2), ratio(1).toFixed(2), `≥ ${goal}`, met(ratio(32) >= goal)]
    return `| requests/s of ${name} over ${start} | ${cells.join(' | ')} |`
  })
}

function cpuRows(results: readonly Result[]): string[] {
  return OVER_DERIVATION.flatMap(([name, start, goal]) => {
    const over = (floor: string, connections: number) =>
      difference(resultOf(results, name, connections), resultOf(results, floor, connections))
    const rowOf = (what: string, floor: string, last: string) =>
      `| ms of CPU of ${name} over ${what} | ${over(floor, 32).toFixed(2)} | ${over(floor, 1).toFixed(2)} | ${last} |`
    return [
      rowOf('(f), local D1 and all', '(f)', ' | '),
      rowOf(
        `${start}, which has the same batches`,
        start,
        `≤ ${goal} | ${met(over(start, 32) <= goal)}`,
      ),
    ]
  })
}

function difference(ours: Result, floor: Result): number {
  return median(ours.rounds.map(({ cpu }, i) => cpu - (floor.rounds[i]?.cpu ?? Number.NaN)))
}

function row({ name, connections, rounds }: Result): string {
  const of = (figure: keyof Measured) => median(rounds.map((round) => round[figure]))
  const figures = [of('perSecond').toFixed(0), of('p50').toFixed(2), of('p99').toFixed(1)]
  return `| ${name} | ${[connections, ...figures, of('cpu').toFixed(3)].join(' | ')} |`
}

const met = (isMet: boolean) => (isMet ? 'met' : '**missed**')

function describe({ rounds, seconds }: { rounds: number; seconds: number }): string {
  const [cpu] = cpus()
  const workerd = execFileSync('node', ['-p', 'require("workerd/package.json").version'])
  const memory = Math.round(totalmem() / 2 ** 30)
  const day = new Date().toISOString().slice(0, 10)
  return `${day}, ${cpus().length} × ${cpu?.model.trim()}, ${memory} GiB, Linux ${release()}, workerd ${workerd.toString().trim()}; one core serves, the other asks; medians of ${rounds} rounds of ${seconds} s.`
}
