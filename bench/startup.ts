// What a cold start of the Worker costs over one that does nothing: workerd itself, from its start to its first answer, once
// with the core as it is deployed and once without, in turns. The core is evaluated, and not asked anything.
import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { median } from './numbers.ts'

const WORKER = path.join(import.meta.dirname, '../.generated/worker')
// wrangler's, which has no types.
const { default: WORKERD }: { default: string } = createRequire(import.meta.url)('workerd')
const COMPATIBILITY_DATE = '2026-10-20'
const LONGEST_MS = 45_000
const MOST_ROUNDS = 100

const ANSWER = 'export default { fetch: () => new Response("started") }\n'
const WORKERS = { empty: ANSWER, ours: `import './core.js'\n${ANSWER}` }

const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-startup-'))
try {
  copyFileSync(path.join(WORKER, 'core.js'), path.join(folder, 'core.js'))
  for (const [name, main] of Object.entries(WORKERS)) prepare(name, main)
  const times = await measure()
  report(times.empty, times.ours)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function prepare(name: string, main: string): void {
  writeFileSync(path.join(folder, `${name}.js`), main)
  const modules = [name, ...(main === ANSWER ? [] : ['core'])].map(
    (module) => `(name = "${module}.js", esModule = embed "${module}.js")`,
  )
  writeFileSync(
    path.join(folder, `${name}.capnp`),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (compatibilityDate = "${COMPATIBILITY_DATE}", modules = [${modules}]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`,
  )
}

async function measure() {
  const times = { empty: [] as number[], ours: [] as number[] }
  // The first of each finds nothing in the machine's caches.
  for (const name of ['empty', 'ours']) await start(name)
  const deadline = performance.now() + LONGEST_MS
  for (let round = 0; round < MOST_ROUNDS && performance.now() < deadline; round++) {
    // Neither is always the one that comes second.
    const order = round % 2 === 0 ? (['empty', 'ours'] as const) : (['ours', 'empty'] as const)
    for (const name of order) times[name].push(await start(name))
  }
  return times
}

/** Milliseconds until it answers. */
async function start(name: string): Promise<number> {
  const began = performance.now()
  const command = ['serve', '--control-fd=3', path.join(folder, `${name}.capnp`)]
  const child = spawn(WORKERD, command, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  try {
    const response = await fetch(`http://127.0.0.1:${await portOf(child)}/`)
    if ((await response.text()) !== 'started') throw new Error(`${name} answered something else`)
    return performance.now() - began
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

/** What workerd says on its control pipe, once it listens. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => reject(new Error('workerd did not start')))
    let told = ''
    const control = child.stdio[3] as Readable
    control.setEncoding('utf8').on('data', (chunk) => {
      told += chunk
      const port = /"event":"listen".*"port":(\d+)/.exec(told)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
  })
}

function report(empty: readonly number[], ours: readonly number[]): void {
  const differences = ours.map((time, round) => time - (empty[round] ?? Number.NaN))
  console.log(
    `Cold start, from workerd's start to its first answer: ${ours.length} of each, in turns`,
  )
  const row = (name: string, times: readonly number[]) =>
    console.log(`  ${name.padEnd(22)}${median(times).toFixed(1).padStart(8)} ms`)
  row('an empty Worker', empty)
  row('ours', ours)
  row('ours over an empty one', differences)
}
