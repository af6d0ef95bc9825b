import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { findings } from '../platform/audit'
import { type Call, type Interference, staleReads } from '../platform/bindings'
import { runScheduledJob } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { sentMails } from '../platform/mails'
import { hastenPauses } from './endure'
import { aboutFault, both, faultsOf, note, tellFaults } from './faults'
import { JOB_VARS, leaveWork } from './job-work'
import { pendingIn, readState, startAnew } from './state'

// The job that runs every minute, with all of its work to do, under every fault of every call that it makes:
// what one run could not do, those after it do, once.

let told: { type: string; data: { user_id: string } }[] = []

beforeEach(() => {
  hastenPauses()
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (_url, init) => {
    told.push(JSON.parse(String(init?.body)))
    return new Response()
  })
})

afterAll(tellFaults)

const run = (interfere?: Interference) => runScheduledJob(both(interfere, staleReads(0)), JOB_VARS)

/** What is there when the job has run undisturbed some more times. */
async function finish() {
  for (const minutes of [1, 16]) {
    advanceSeconds(minutes * 60)
    await run()
  }
  const state = await readState()
  expect(pendingIn(state)).toEqual([])
  for (const { key, value } of state.tables['revocations'] ?? []) {
    expect(state.markers[String(key)]).toBe(value)
  }
  const { audit_events, audit_checkpoints: _, ...tables } = state.tables
  const types = (audit_events ?? []).map(({ type }) => type).toSorted()
  // In one go or in two, as the sealing went.
  const isPruning = (type: unknown) => type === 'audit_pruned'
  return {
    // Among them what has waited for its seal for too long.
    findings: await findings(),
    isPruned: types.some(isPruning),
    events: types.filter((type) => !isPruning(type)),
    rows: Object.entries(tables).map(([table, rows]) => [table, rows.length]),
    mails: [...new Set(sentMails().map(({ to, subject }) => `${to} ${subject}`))].toSorted(),
    // Without the time and the user: what the job does itself may come a run later.
    told: [...new Set(told.map(({ type, data }) => `${type} ${data.user_id}`))].toSorted(),
  }
}

test('what a run could not do, the next ones do', { timeout: 300_000 }, async () => {
  await leaveWork()
  const start = await readState()
  const now = Date.now()
  const begin = async () => {
    vi.setSystemTime(now)
    await startAnew(start)
    told = []
  }

  await begin()
  const calls: Call[] = []
  await run(note(calls))
  const reference = await finish()
  expect(reference).toMatchObject({ findings: [], isPruned: true })
  expect(reference.events.filter((type) => type === 'mail_given_up')).toHaveLength(2)
  // A link to choose another password, and two accounts that are gone.
  expect(reference.mails).toHaveLength(3)
  const ends = reference.events.filter((type) => type === 'personal_data_erased')
  expect(ends).toHaveLength(3)
  for (const { call, fault } of faultsOf(calls)) {
    await begin()
    await run(fault.at(call.store, call.index))
    expect(await finish(), aboutFault(call, fault)).toEqual(reference)
  }
})
