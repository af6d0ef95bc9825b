import { expect, vi } from 'vitest'
import * as z from 'zod'
import { withKey } from '../platform/api-keys'
import {
  forgetWrites,
  type Interference,
  type Call as StoreCall,
  staleReads,
} from '../platform/bindings'
import { type Answer, createClient, refusal, runScheduledJob } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { sentMails } from '../platform/mails'
import { refresh, sidOf } from '../platform/people'
import { row, rows } from '../platform/records'
import { aboutFault, both, type Fault, faultsOf, note } from './faults'
import { type Call, type Flow, send } from './flow'
import { attemptsIn, effectOf, pendingIn, readState, type State, startAnew } from './state'

// One request, undisturbed and then under every fault of every call that it makes to D1 and KV.

const CLAIM_SECONDS = 16 * 60

/** What a request does when nothing goes wrong, sent once and then again. */
interface Reference {
  readonly start: State
  readonly calls: readonly StoreCall[]
  readonly once: Outcome
  readonly twice: Outcome
}

interface Outcome {
  readonly answer: Answer
  readonly state: State
  readonly mails: readonly string[]
}

/** Pauses of the service, and of a store that is late, pass fifty times as fast; its limit of five seconds stays. */
export function hastenPauses(): void {
  const { setTimeout } = globalThis
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, ms = 0) => {
    const wake = () => {
      // KV, too, has had its second.
      if (ms >= 1000) forgetWrites()
      work()
    }
    return setTimeout(wake, ms > 2000 ? ms : ms / 50)
  }) as typeof setTimeout)
}

export async function expectEndured(flow: Flow): Promise<void> {
  const call = await flow.prepare()
  const reference = await undisturbed(flow, call)
  for (const { call: storeCall, fault } of faultsOf(reference.calls)) {
    await startAnew(reference.start)
    await expectOneEndured(flow, call, reference, { storeCall, fault })
  }
  if (flow.records) await expectNothingUnrecorded(flow, call, reference)
}

/** What cannot be recorded does not happen. */
async function expectNothingUnrecorded(flow: Flow, call: Call, { start }: Reference) {
  await startAnew(start)
  await rows(`create trigger no_audit before insert on audit_events
    begin select raise(abort, 'NOT NULL constraint failed: audit_events.id'); end`)
  const answer = await send(call, clientOf(flow))
  await rows('drop trigger no_audit')
  expect(verdictOf(answer)).toBe('500 internal_error')
  expect(effectOf(await readState(), start)).toEqual(effectOf(start, start))
}

async function undisturbed(flow: Flow, call: Call): Promise<Reference> {
  const start = await readState()
  await startAnew(start)
  const calls: StoreCall[] = []
  const once = await outcomeOf(await send(call, clientOf(flow, note(calls))))
  expect(verdictOf(once.answer)).toBe(flow.answer ?? 'success')
  forgetWrites()
  const twice = await outcomeOf(await send(call, clientOf(flow)))
  expect(verdictOf(twice.answer)).toBe(flow.again ?? flow.answer ?? 'success')
  expect(newTypes(start, once.state, 'audit_events')).toEqual(flow.records ?? [])
  expect(newTypes(start, once.state, 'outbox')).toEqual(flow.tells ? [flow.tells] : [])
  return { start, calls, once, twice }
}

interface Disturbance {
  readonly storeCall: StoreCall
  readonly fault: Fault
}

async function expectOneEndured(
  flow: Flow,
  call: Call,
  { start, once, twice }: Reference,
  { storeCall, fault }: Disturbance,
): Promise<void> {
  const { store, index } = storeCall
  const about = aboutFault(storeCall, fault)
  const isAwaited = isBeforeAnswer(once.answer, storeCall)
  const first = await outcomeOf(await send(call, clientOf(flow, fault.at(store, index))))
  const isTold =
    store === 'd1' ? fault.tells === 'final' : flow.needsKv && fault.tells !== 'nothing'
  const decides = isAwaited && isTold
  expect(verdictOf(first.answer), about).toBe(
    decides ? '503 service_unavailable' : verdictOf(once.answer),
  )
  const untouched = effectOf(start, start)
  const effect = effectOf(first.state, start)
  const isDone = !isSame(effect, untouched)
  if (!flow.isInParts) {
    // All or nothing: nothing where a store has refused, all where success is answered.
    expect(effect, about).toEqual(isDone ? effectOf(once.state, start) : untouched)
    if (decides && !fault.happens) expect(isDone, about).toBe(false)
    if (!decides) expect(effect, about).toEqual(effectOf(once.state, start))
  }
  if (decides) expectOnlyUnavailable(first.answer, about)
  else expect(attemptsIn(first.state), about).toEqual(attemptsIn(once.state))

  forgetWrites()
  const second = await outcomeOf(await send(call, clientOf(flow)))
  const expected = isDone ? twice : once
  expect(verdictOf(second.answer), `${about}, again`).toBe(verdictOf(expected.answer))
  const effectAgain = effectOf(second.state, start)
  const isUnrecorded = flow.isCounted && isSame(effectAgain, untouched)
  if (!isUnrecorded) expect(effectAgain, `${about}, again`).toEqual(effectOf(expected.state, start))

  const mails = await mailsAfterAll(second, about)
  expect(new Set(mails), about).toEqual(new Set(expected.mails))
  if (isAwaited) expect(mails.length, about).toBeLessThanOrEqual(expected.mails.length)
  const handedOut = flow.renews && second.answer.status < 300 ? [second] : [first, second]
  for (const { answer } of handedOut) await expectUsable(answer, about)
  const next = call.afterwards?.()
  if (next)
    expect(verdictOf(await send(next, clientOf(flow))), `${about}, afterwards`).toBe('success')
}

const clientOf = ({ vars = {}, always }: Flow, interfere?: Interference) =>
  createClient({ vars, interfere: both(interfere, always) })

async function outcomeOf(answer: Answer): Promise<Outcome> {
  const mails = sentMails().map(({ to, subject }) => `${to} ${subject}`)
  return { answer, state: await readState(), mails }
}

const verdictOf = (answer: Answer) => (answer.status < 300 ? 'success' : refusal(answer))

/** Of the events that were not there. */
function newTypes(start: State, { tables }: State, table: string): readonly unknown[] {
  const known = new Set(start.tables[table]?.map(({ id }) => id))
  const rows = tables[table] ?? []
  return rows
    .filter(({ id, channel }) => !known.has(id) && channel !== 'mail')
    .map(({ type }) => type)
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** Whether the answer waits for the call. */
function isBeforeAnswer({ cost }: Answer, { store, index }: StoreCall): boolean {
  return index < (store === 'd1' ? cost.d1 : cost.kvReads + cost.kvWrites)
}

/** Whom the service has written, when the job has come, and has told KV too. */
async function mailsAfterAll({ state }: Outcome, about: string): Promise<readonly string[]> {
  let last = state
  if (pendingIn(state).length > 0) {
    advanceSeconds(CLAIM_SECONDS)
    await runScheduledJob(staleReads(0))
    last = await readState()
    advanceSeconds(-CLAIM_SECONDS)
  }
  expect(pendingIn(last), about).toEqual([])
  for (const { key, value } of last.tables['revocations'] ?? []) {
    expect(last.markers[String(key)], about).toBe(value)
  }
  return sentMails().map(({ to, subject }) => `${to} ${subject}`)
}

const Tokens = z.object({ access_token: z.string(), refresh_token: z.string().optional() })
const Key = z.object({ key: z.string() })

function expectOnlyUnavailable({ body, headers }: Answer, about: string): void {
  expect(headers.get('Retry-After'), about).toBe('5')
  for (const secret of [Tokens, Key]) expect(secret.safeParse(body).success, about).toBe(false)
  expect(headers.get('Set-Cookie'), about).toBeNull()
}

/** A session that was handed out is there, and both of its tokens work; and so does a key. */
async function expectUsable({ body, headers }: Answer, about: string): Promise<void> {
  const client = createClient()
  const { data: made } = Key.safeParse(body)
  if (made) expect((await client.get('/auth/me', withKey(made.key))).status, about).toBe(200)
  const tokens = Tokens.safeParse(body)
  if (!tokens.success) return
  const { access_token: token, refresh_token: inBody } = tokens.data
  const inCookie = /refresh_token=([^;]+)/.exec(headers.get('Set-Cookie') ?? '')?.[1]
  const stored = await row('select revoked_at from user_sessions where id = ?', sidOf(tokens.data))
  expect(stored, about).toEqual({ revoked_at: null })
  expect((await client.get('/auth/me', { token })).status, about).toBe(200)
  expect((await refresh(client, inBody ?? inCookie ?? '')).status, about).toBe(200)
}
