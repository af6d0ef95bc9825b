import { env } from 'cloudflare:workers'
import { describe, expect, test, vi } from 'vitest'
import { cursorOf } from '../../src/http/cursor'
import { ACCOUNT_FLOWS } from '../faults/account-flows'
import { ADMINISTRATION_FLOWS } from '../faults/administration-flows'
import { send } from '../faults/flow'
import { JOB_VARS, leaveWork } from '../faults/job-work'
import { MACHINE_FLOWS } from '../faults/machine-flows'
import { SESSION_FLOWS } from '../faults/session-flows'
import { signUpHolder } from '../platform/administrators'
import { staleReads } from '../platform/bindings'
import { createClient, runScheduledJob } from '../platform/client'
import { rows } from '../platform/records'
import { faultsOf, type PlanLine } from './plan-faults'
import { forgetStatistics, planStatistics } from './statistics'

// Every statement that the service sends, gathered from a use of every route, every filter of the lists and a run of
// the job that has everything to do. test/faults/routes.test.ts holds that no route is missing.

type Statements = Map<string, readonly unknown[]>

/** The database, with a note of each statement and what it was bound to last. */
function recording() {
  const statements: Statements = new Map()
  const DB = new Proxy(env.DB, {
    get(target, name) {
      if (name === 'batch') return target.batch.bind(target)
      return (statement: string) => recorded(statements, statement, target.prepare(statement))
    },
  })
  return { statements, DB }
}

function recorded(statements: Statements, statement: string, prepared: D1PreparedStatement) {
  statements.set(statement, [])
  const bind = prepared.bind.bind(prepared)
  return Object.assign(prepared, {
    bind: (...values: unknown[]) => {
      statements.set(statement, values)
      return bind(...values)
    },
  })
}

async function useEveryRoute(DB: D1Database): Promise<void> {
  const flows = [SESSION_FLOWS, ACCOUNT_FLOWS, MACHINE_FLOWS, ADMINISTRATION_FLOWS].flat()
  for (const { prepare, vars, always } of flows) {
    const call = await prepare()
    const client = createClient({ vars: { ...vars, DB }, ...(always && { interfere: always }) })
    await send(call, client)
    const next = call.afterwards?.()
    if (next) await send(next, client)
  }
}

/** Each way to choose one of each, or none. */
function combinations(choices: readonly (readonly string[])[]): readonly string[] {
  return choices.reduce<readonly string[]>(
    (queries, choice) =>
      queries.flatMap((query) => ['', ...choice].map((one) => (one ? `${query}&${one}` : query))),
    [''],
  )
}

const cursor = (next: unknown) => `cursor=${cursorOf({ items: [], next })}`
const TIME = '2026-11-01T00:00:00Z'

async function useEveryFilter(DB: D1Database): Promise<void> {
  const client = createClient({ vars: { DB } })
  const { token } = await signUpHolder('admin')
  const status = ['status=active', 'status=disabled']
  const created = [[`created_from=${TIME}`], [`created_to=${TIME}`]]
  for (const query of combinations([['email=person'], ['role=admin'], status, ...created])) {
    const byOther = query.includes('role=') ? { order: 'id', id: '0' } : null
    const place = query.includes('email=') ? { order: 'email', email: 'person' } : byOther
    const next = cursor(place ?? { order: 'created', createdAt: 5, id: '0' })
    for (const page of [query, `${query}&${next}`]) {
      expect((await client.get(`/admin/users?${page}`, { token })).status).toBe(200)
    }
  }
  const outcome = ['outcome=success', 'outcome=failure']
  const about = [['user=somebody'], ['actor=somebody'], ['type=logged_out'], outcome]
  const when = [[`from=${TIME}`], [`to=${TIME}`], [cursor(5)]]
  for (const query of combinations([...about, ...when])) {
    expect((await client.get(`/admin/audit-events?${query}`, { token })).status).toBe(200)
  }
}

async function runTheJob(DB: D1Database): Promise<void> {
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response())
  await leaveWork()
  await runScheduledJob(staleReads(0), { ...JOB_VARS, DB })
  // Now with nobody who listens.
  await runScheduledJob(staleReads(0), { DB })
}

describe('every statement finds what it needs by an index', () => {
  const { statements, DB } = recording()

  test.each([
    ['every route', useEveryRoute],
    ['every filter of the lists', useEveryFilter],
    ['the job', runTheJob],
  ])('those of %s are gathered', { timeout: 120_000 }, async (_, use) => {
    const before = statements.size
    await use(DB)
    expect(statements.size).toBeGreaterThan(before)
  })

  test.each([
    ['without statistics, which is how D1 begins', forgetStatistics],
    ['with the statistics of a hundred users', () => planStatistics('hundred')],
    ['with those of a million', () => planStatistics('million')],
  ])('%s', async (_, prepare) => {
    await prepare()
    expect(statements.size).toBeGreaterThan(300)
    for (const [statement, values] of statements) {
      const plan = await rows(`explain query plan ${statement}`, ...values)
      expect(faultsOf(plan as unknown as PlanLine[]), statement).toEqual([])
    }
  })
})
