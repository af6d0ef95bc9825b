import type { Middle, Person } from './growth-people.ts'
import { type Load, load } from './load.ts'
import { median } from './numbers.ts'
import { cpuSeconds, type Served } from './serve.ts'

const ROUNDS = 5
const SECONDS = 1
/** What is timed; of the rest only the rows are counted. */
const TIMED = [
  'login',
  'me',
  'refresh',
  'users, first page',
  'users, a page in the middle',
  'users, by email',
  'audit, first page',
]
const JOB_RUNS = 10
/** Rows of each table that a run of the job finds due. */
const DUE = 500

export interface Figures {
  /** Milliseconds of the server's CPU, for each. */
  readonly cpu: number
  /** Milliseconds, of the median. */
  readonly p50: number
}

type Flow = Pick<Load, 'method' | 'path' | 'use' | 'lines'>
type Flows = Readonly<Record<string, Flow>>

/** What people do, from one of them to another, and what the administrator asks, who is the last. */
export function flowsOf(
  everybody: readonly Person[],
  [from, to]: readonly [number, number],
  { id, createdAt, seq }: Middle,
): Flows {
  const people = everybody.slice(from, to)
  const admin = everybody.at(-1)?.access_token ?? ''
  const own = (path: string): Flow => {
    return { method: 'GET', path, use: 'bearer', lines: people.map((one) => one.access_token) }
  }
  const asked = (path: string): Flow => ({ ...own(path), lines: [admin] })
  const users = (query: string) => asked(`/admin/users?limit=20&${query}`)
  const events = (query: string) => asked(`/admin/audit-events?limit=20&${query}`)
  const time = new Date(createdAt).toISOString()
  return {
    login: {
      method: 'POST',
      path: '/auth/login',
      use: 'body',
      lines: people.map(({ email, password }) => JSON.stringify({ email, password })),
    },
    me: own('/auth/me'),
    sessions: own('/auth/sessions'),
    refresh: {
      method: 'POST',
      path: '/auth/refresh',
      use: 'refresh',
      lines: people.map((one) => `${one.user_id}\t${one.refresh_token}`),
    },
    'users, first page': users(''),
    'users, a page in the middle': users(`cursor=${cursor({ order: 'created', createdAt, id })}`),
    'users, before a time': users(`created_to=${time}`),
    'users, by email': users('email=anna'),
    'users, by role': users('role=user'),
    'users, by a rare role': users('role=admin'),
    'users, disabled': asked('/admin/users?limit=5&status=disabled'),
    'audit, first page': events(''),
    'audit, a page in the middle': events(`cursor=${cursor(seq)}`),
    'audit, of a user': asked(`/admin/audit-events?limit=2&user=${id}`),
    'audit, by type': events('type=login_succeeded'),
    'audit, failures': events('outcome=failure'),
    'audit, before a time': events(`to=${time}`),
  }
}

const cursor = (place: unknown) => Buffer.from(JSON.stringify(place)).toString('base64url')

/** The rows that D1 reads for each of the lines: those numbers that there were. */
export async function countRows({ url }: Served, flows: Flows) {
  const counted: Record<string, readonly number[]> = {}
  for (const [name, { method, path, use, lines }] of Object.entries(flows)) {
    const found: number[] = []
    for (const line of lines) {
      const token = JSON.stringify({ refresh_token: line.split('\t')[1] })
      const response = await fetch(`${url('counted')}${path}`, {
        method,
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${line.trim()}` },
        ...(use !== 'bearer' && { body: use === 'refresh' ? token : line }),
      })
      if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`)
      found.push(Number(response.headers.get('X-Rows-Read')))
    }
    counted[name] = distinct(found)
  }
  return counted
}

/** One at a time, each flow for some rounds. `prepare` makes new tokens: those that were refreshed are spent. */
export async function measureFlows({ url, pid }: Served, prepare: () => Promise<Flows>) {
  const figures: Record<string, Figures> = {}
  const common = { url: url('service'), connections: 1, seconds: SECONDS }
  const flows = await prepare()
  for (const name of TIMED) {
    const flow = flows[name]
    if (!flow) throw new Error(`there is no ${name}`)
    const rounds: Figures[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const { lines } = flow.use === 'refresh' ? ((await prepare())[name] ?? flow) : flow
      rounds.push(await load({ ...common, ...flow, lines }, pid))
    }
    figures[name] = medians(rounds)
  }
  return figures
}

interface JobRun extends Figures {
  readonly rows: number
}

/** The job with nothing to do, and with rows to delete: what it takes, and the rows that D1 reads for it. */
export async function measureJob(served: Served) {
  await runJob(served)
  const idle: JobRun[] = []
  const due: JobRun[] = []
  for (let run = 0; run < JOB_RUNS; run++) {
    idle.push(await runJob(served))
    await served.db.batch(MAKE_DUE.map((statement) => served.db.prepare(statement).bind(DUE)))
    due.push(await runJob(served))
  }
  const runs = Object.entries({ 'job, nothing due': idle, [`job, ${4 * DUE} rows due`]: due })
  return {
    figures: Object.fromEntries(
      runs.map(([name, done]) => [name, { ...medians(done), cpu: mean(done) }]),
    ),
    rows: Object.fromEntries(
      runs.map(([name, done]) => [name, distinct(done.map(({ rows }) => rows))]),
    ),
  }
}

async function runJob({ url, pid }: Served): Promise<JobRun> {
  const before = cpuSeconds(pid)
  const begin = performance.now()
  const response = await fetch(`${url('counted')}/scheduled`, { method: 'POST' })
  const p50 = performance.now() - begin
  const cpu = (cpuSeconds(pid) - before) * 1000
  if (!response.ok) throw new Error(`the job: ${response.status}`)
  return { cpu, p50, rows: Number(response.headers.get('X-Rows-Read')) }
}

const NUMBERS = 'with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ?1)'
const ANYBODY = 'cross join users on users.rowid = i * ((select max(rowid) from users) / ?1) + 1'
/** Of people of all times, as if they had lain among the others. */
const MAKE_DUE = [
  `${NUMBERS} insert into user_sessions (id, user_id, refresh_token_hash, issued_at, last_used_at, expires_at)
    select substr(users.id, 1, 14) || hex(randomblob(11)), users.id, hex(randomblob(21)), 0, 0, 1 from n ${ANYBODY}`,
  `${NUMBERS} insert into one_time_tokens (id, user_id, purpose, email, key_id, token_hash, created_at, expires_at)
    select hex(randomblob(18)), users.id, 'verify_email', email, '', hex(randomblob(21)), 0, 1 from n ${ANYBODY}`,
  `${NUMBERS} insert into login_attempts select hex(randomblob(21)), 1, 0, '', 1 from n`,
  `${NUMBERS} insert into revocations select 'revoked:session:' || hex(randomblob(18)), '1', 1, 1 from n`,
]

/** A run takes few of the ticks that CPU is counted in. */
const mean = (runs: readonly JobRun[]) => runs.reduce((sum, { cpu }) => sum + cpu, 0) / runs.length

const distinct = (numbers: readonly number[]) => [...new Set(numbers)].sort((a, b) => a - b)

function medians(rounds: readonly Figures[]): Figures {
  return {
    cpu: median(rounds.map(({ cpu }) => cpu)),
    p50: median(rounds.map(({ p50 }) => p50)),
  }
}
