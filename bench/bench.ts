// What our Worker costs over the least that the platform asks for, in one run: bench/README.md
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { buildFloors, buildService } from './build.ts'
import { load, type Measured } from './load.ts'
import { plotOf } from './plot.ts'
import { type Result, reportOf } from './report.ts'
import type { Seeded } from './seeded.ts'
import { type Served, serve } from './serve.ts'
import { GROUPS, type Target } from './targets.ts'

const CONNECTIONS = [1, 32]
const WARM_UP_SECONDS = 2
/** A tenth of production's: what is measured is what comes on top of them. */
const PASSWORD_ITERATIONS = '10000'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
  },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)

const workers = { service: await buildService(), floors: await buildFloors() }
const results: Result[] = []
const served = await serve(workers, { PASSWORD_ITERATIONS, LOG_LEVEL: 'WARNING' })
try {
  pin(served.pid)
  for (const group of rounds > 0 ? GROUPS : []) {
    for (const connections of CONNECTIONS) results.push(...(await compare(group, connections)))
  }
} finally {
  await served.stop()
}
// Without a round, all has been built and served, and nothing is told.
if (rounds > 0) publish(await deriveAsInProduction())

/** Every target in turn, there and back, so that a machine that gets slower does so for all of them. */
async function compare(group: readonly Target[], connections: number): Promise<Result[]> {
  const measured = new Map<Target, Measured[]>(group.map((target) => [target, []]))
  for (const target of group) await measure(served, target, connections, WARM_UP_SECONDS)
  for (let round = 0; round < rounds; round++) {
    for (const target of round % 2 === 0 ? group : group.toReversed()) {
      measured.get(target)?.push(await measure(served, target, connections, seconds))
    }
  }
  console.log(`measured ${group.map(({ name }) => name).join(' · ')}, ${connections} at a time`)
  return [...measured].map(([{ name }, rounds]) => ({ name, connections, rounds }))
}

async function measure(
  { url, pid }: Served,
  target: Target,
  connections: number,
  seconds: number,
): Promise<Measured> {
  const count = target.usersPerSecond * seconds
  const { users, password } = await seed(url('floors'), count)
  const { worker, method, path, use, lines } = target
  const asked = { url: url(worker), method, path, use, connections, seconds }
  return load({ ...asked, lines: lines(users, password) }, pid)
}

async function seed(url: string, users: number): Promise<{ users: Seeded[]; password: string }> {
  const body = JSON.stringify({ users })
  const answer = await fetch(`${url}/seed`, { method: 'POST', body })
  if (!answer.ok) throw new Error(`seed: ${answer.status}`)
  return answer.json() as Promise<{ users: Seeded[]; password: string }>
}

/** Milliseconds of CPU that the six calls take with as many iterations as production has. */
async function deriveAsInProduction(): Promise<number> {
  const floors = await serve({ floors: workers.floors })
  try {
    pin(floors.pid)
    const target = GROUPS.flat().find(({ path }) => path === '/floor/kdf')
    if (!target) throw new Error('there is no floor of the derivation')
    return (await measure(floors, target, 1, 10)).cpu
  } finally {
    await floors.stop()
  }
}

/** To the first core; wrk has the last. */
function pin(pid: number): void {
  execFileSync('taskset', ['-acp', '0', String(pid)], { stdio: 'ignore' })
}

function publish(derivation: number): void {
  const report = reportOf(results, { derivation, rounds, seconds })
  const folder = path.join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'bench.md'), report)
  writeFileSync(path.join(folder, 'bench.svg'), plotOf(results))
  console.log(report)
}
