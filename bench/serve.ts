import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Miniflare, type WorkerdStructuredLog } from 'miniflare'
import { newSecrets } from '../scripts/secrets.ts'
import type { Modules } from './build.ts'

const MIGRATIONS = path.join(import.meta.dirname, '../migrations')
const { AUTH_SECRETS, PASSWORD_PEPPER_V1 } = newSecrets().secrets

const BINDINGS = {
  ENVIRONMENT: 'development',
  RATE_LIMIT: 'off',
  AUTH_SECRETS,
  PASSWORD_PEPPER_V1,
  // Else a refresh token would have to rest for ten seconds between two rotations.
  AUTH_REFRESH_GRACE: '1',
}

const JOB_URL = 'http://127.0.0.1/cdn-cgi/local/scheduled'

export type LocalDatabase = Awaited<ReturnType<Miniflare['getD1Database']>>

/** What is used of the binding, whose own type needs those of Workers, which are not loaded here. */
export interface LocalMarkers {
  readonly get: (keys: readonly string[]) => Promise<ReadonlyMap<string, string | null>>
}

export interface Served {
  /** Of each Worker by its name, without a slash at the end. */
  readonly url: (worker: string) => string
  /** The process id of workerd. */
  readonly pid: number
  /** Where its data is, until it is stopped. */
  readonly folder: string
  /** Calls to these two may block this process: not while a Worker logs much, whose lines it is to read. */
  readonly db: LocalDatabase
  readonly markers: LocalMarkers
  /** Runs the job of the first Worker, as its cron trigger would. */
  readonly runJob: () => Promise<void>
  readonly stop: () => Promise<void>
}

/**
 * Serves Workers by one workerd, each at a port of its own that leads straight to it, with one empty D1 and KV for all of
 * them.
 *
 * @param bindings beside those that a benchmark has
 * @param onLog is told each line that they log
 */
export async function serve(
  workers: Readonly<Record<string, Modules>>,
  bindings: Readonly<Record<string, string>> = {},
  onLog: (line: WorkerdStructuredLog) => void = () => {},
): Promise<Served> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-bench-'))
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    resourcePersistencePath: folder,
    enableDevRegistry: false,
    // A pipe that nobody empties would stop it.
    handleStructuredLogs: onLog,
    unsafeTriggerHandlers: true,
    workers: Object.entries(workers).map(([name, modules]) => ({
      config: {
        name,
        compatibilityDate: '2026-10-20',
        manifest: manifestOf(modules),
        env: {
          ...texts({ ...BINDINGS, ...bindings }),
          DB: { type: 'd1' as const, id: 'gatehouse' },
          REVOCATIONS: { type: 'kv' as const, id: 'revocations' },
        },
      },
      dev: { unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }] },
    })),
  })
  const before = workerds()
  await miniflare.ready
  const pid = workerds().find((found) => !before.includes(found)) ?? 0
  const [first = ''] = Object.keys(workers)
  const db = await miniflare.getD1Database('DB', first)
  await migrate(db)
  const markers: unknown = await miniflare.getKVNamespace('REVOCATIONS', first)
  const runJob = async () => {
    const answer = await miniflare.dispatchFetch(JOB_URL)
    if (!answer.ok) throw new Error(`the job: ${answer.status} ${await answer.text()}`)
  }
  const urls = new Map<string, string>()
  for (const name of Object.keys(workers)) {
    urls.set(name, (await miniflare.unsafeGetDirectURL(name)).origin)
  }
  const stop = async () => {
    await miniflare.dispose()
    rmSync(folder, { recursive: true, force: true })
  }
  const url = (worker: string) => urls.get(worker) ?? ''
  return { url, pid, folder, db, markers: markers as LocalMarkers, runJob, stop }
}

function manifestOf([entry, ...others]: Modules) {
  const modulesRoot = path.dirname(entry)
  const modules = [entry, ...others].map((file) => {
    const contents = readFileSync(file, 'utf8')
    return [path.relative(modulesRoot, file), { type: 'esm' as const, contents }] as const
  })
  return { mainModule: path.basename(entry), modulesRoot, modules: Object.fromEntries(modules) }
}

function texts(variables: Readonly<Record<string, string>>) {
  const entries = Object.entries(variables)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, { type: 'text' as const, value }]),
  )
}

/** Seconds of CPU that a process has taken so far. */
export function cpuSeconds(pid: number): number {
  // proc_pid_stat(5): utime and stime, in ticks, after the name in brackets.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Megabytes of memory that a process holds. */
export function memoryMegabytes(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}

function workerds(): number[] {
  const children = execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(process.pid)])
  return [...children.toString().matchAll(/(\d+) workerd/g)].map(([, pid]) => Number(pid))
}

async function migrate(db: LocalDatabase): Promise<void> {
  for (const file of readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort()) {
    const statements = readFileSync(path.join(MIGRATIONS, file), 'utf8')
      .split('--> statement-breakpoint')
      .map((statement) => statement.trim())
      .filter(Boolean)
    await db.batch(statements.map((statement) => db.prepare(statement)))
  }
}
