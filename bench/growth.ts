import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { buildCounted, buildFloors, buildService } from './build.ts'
import { type Filled, fill } from './fill.ts'
import { countRows, type Figures, flowsOf, measureFlows, measureJob } from './growth-flows.ts'
import { adopt, makeAdmin, middleOf, newPasswordHash } from './growth-people.ts'
import { report } from './growth-report.ts'
import { serve } from './serve.ts'

// npm run bench:growth -- [users…]: what a service costs that has grown. bench/README.md

const OUT = path.join(import.meta.dirname, '../.generated/bench')
/** Of each flow, of people of all times: so many are counted, without statistics and again with them. */
const COUNTED = 10

export interface Grown {
  readonly users: number
  readonly filled: Filled
  readonly fillSeconds: number
  /** Of each flow. */
  readonly figures: Readonly<Record<string, Figures>>
  /** Rows that D1 reads for one, without statistics and with them: what there was, for different people. */
  readonly rows: Readonly<Record<string, readonly number[]>>
  readonly rowsAnalyzed: Readonly<Record<string, readonly number[]>>
  /** What ANALYZE found. */
  readonly statistics: readonly unknown[]
}

const asked = process.argv.slice(2).map(Number)
const sizes = asked.length > 0 ? asked : [1000, 100_000, 1_000_000]
const workers = {
  service: await buildService(),
  floors: await buildFloors(),
  counted: await buildCounted(),
}
const grown: Grown[] = []
for (const size of sizes) grown.push(await grow(size))
mkdirSync(OUT, { recursive: true })
writeFileSync(path.join(OUT, 'growth.json'), `${JSON.stringify(grown, null, 2)}\n`)
const { text, isFlat } = report(grown)
console.log(text)
if (!isFlat) process.exitCode = 1

async function grow(users: number): Promise<Grown> {
  const served = await serve(workers, { PASSWORD_ITERATIONS: '10000' })
  try {
    const passwordHash = await newPasswordHash(served)
    const begin = performance.now()
    const filled = fill(served.folder, users, passwordHash)
    const fillSeconds = (performance.now() - begin) / 1000
    // Nothing else has run meanwhile: connections that have timed out are noticed now.
    await setTimeout(100)
    await makeAdmin(served, users)
    const middle = await middleOf(served)
    const flows = async (from: number, to: number) =>
      flowsOf(await adopt(served, users), [from, to], middle)
    const counted = await countRows(served, await flows(0, COUNTED))
    const measured = await measureFlows(served, () => flows(2 * COUNTED, -1))
    const job = await measureJob(served)
    await served.db.prepare('analyze').run()
    const countedAgain = await countRows(served, await flows(COUNTED, 2 * COUNTED))
    const jobAgain = await measureJob(served)
    const rows = { ...counted, ...job.rows }
    const rowsAnalyzed = { ...countedAgain, ...jobAgain.rows }
    const figures = { ...measured, ...job.figures }
    const { results: statistics } = await served.db.prepare('select * from sqlite_stat1').all()
    return { users, filled, fillSeconds, figures, rows, rowsAnalyzed, statistics }
  } finally {
    await served.stop()
  }
}
