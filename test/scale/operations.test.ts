import { expect, test } from 'vitest'
import { OPERATIONS, type Operation } from '../../bench/simulate/operations'
import { seal } from '../platform/audit'
import { type Answer, createClient, type Total } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { signUpPerson } from '../platform/people'
import { row } from '../platform/records'
import { FLOWS, type Flow, newcomer } from './flows'

// What each flow costs as Cloudflare counts it: its own answer and the work after it, and what the job does about it
// in the weeks to come. docs/scale.md and the simulation are made of these figures: `npm run operations` renews them.

const A_MONTH = 40 * 24 * 60 * 60

const auditEvents = async () => Number((await row('select count(*) as n from audit_events'))['n'])

interface Run {
  readonly last: Answer
  readonly events: number
  readonly job: readonly [minute: Total, month: Total]
}

/** So many of three people do it, a minute passes, then a month. */
async function run(flow: Flow, times: number): Promise<Run> {
  const acts = [await flow(newcomer()), await flow(newcomer()), await flow(newcomer())]
  advanceSeconds(61)
  await seal()
  advanceSeconds(61)
  const before = await auditEvents()
  const answers: Answer[] = []
  for (const act of acts.slice(0, times)) answers.push(await act())
  const events = (await auditEvents()) - before
  const last = answers.at(-1)
  if (!last) throw new Error('nobody did it')
  for (const { status } of answers) expect(status).toBe(last.status)
  advanceSeconds(61)
  const minute = await seal()
  advanceSeconds(A_MONTH)
  return { last, events: events / times, job: [minute, await seal()] }
}

/** What one more of it makes the job do, whose fixed part both runs have. */
function later(fewer: Run, more: Run) {
  const sum = ({ job }: Run, count: (total: Total) => number) =>
    job.map(count).reduce((a, b) => a + b)
  const difference = (count: (total: Total) => number) => sum(more, count) - sum(fewer, count)
  return {
    rowsRead: difference(({ rowsRead }) => rowsRead),
    rowsWritten: difference(({ rowsWritten }) => rowsWritten),
    kvWrites: difference(({ kvWrites }) => kvWrites),
  }
}

// A search that ends at the end of an index reads a row less, and where it ends depends on random keys.
function near(measured: number, known = 0): number {
  return Math.abs(measured - known) <= Math.max(4, known / 10) ? known : measured
}

async function measure(name: string, flow: Flow): Promise<Operation> {
  const [fewer, more] = [await run(flow, 2), await run(flow, 3)]
  const { status, body, total } = more.last
  const { kvReads: _, rowsRead, ...exact } = total
  // The tables have grown between the two.
  expect(near(rowsRead, fewer.last.total.rowsRead), name).toBe(fewer.last.total.rowsRead)
  const known = OPERATIONS[name]
  const after = later(fewer, more)
  return {
    status,
    ...exact,
    rowsRead: near(rowsRead, known?.rowsRead),
    auditEvents: more.events,
    answerBytes: JSON.stringify(body).length,
    later: { ...after, rowsRead: near(after.rowsRead, known?.later.rowsRead) },
  }
}

test('what each flow costs is what is written down', { timeout: 120_000 }, async () => {
  for (let user = 0; user < 60; user++) await signUpPerson(createClient())
  advanceSeconds(A_MONTH)
  await seal()
  const operations: Record<string, Operation> = {}
  for (const [name, flow] of Object.entries(FLOWS)) operations[name] = await measure(name, flow)
  const text = `${JSON.stringify(operations, null, 2)}\n`
  await expect(text).toMatchFileSnapshot('../../bench/simulate/operations.json')
})
