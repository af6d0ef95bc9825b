import { decodeJwt } from 'jose'
import { expect } from 'vitest'
import { both, note } from '../faults/faults'
import { type Call, type Flow, send } from '../faults/flow'
import { readState, type State, startAnew } from '../faults/state'
import type { Interference, Call as StoreCall } from '../platform/bindings'
import { type Answer, createClient, refusal } from '../platform/client'
import { row, rows } from '../platform/records'

// A request whose caller loses what they ask by, right before each of its batches.

/** Who asks, as the database knows them. */
export interface Credential {
  readonly userId: string
  /** Of the session or of the API key. */
  readonly id: string
}

/** Something that happens to the caller. */
export type Loss = (credential: Credential) => Promise<unknown>

export interface Lost {
  readonly answer: Answer
  /** Right after the loss, and when all that the request does has been done. */
  readonly before: State
  readonly after: State
}

export function sessionOfCall({ token }: Call): Credential | null {
  if (token === undefined) return null
  const { sid, sub } = decodeJwt(token)
  return typeof sid === 'string' ? { id: sid, userId: String(sub) } : null
}

/** The key of a call is `ghk_<id>_…`, the id without its dashes. */
export async function keyOfCall({ headers }: Call): Promise<Credential | null> {
  const id = /^ghk_(\w{32})_/.exec(headers?.['X-API-Key'] ?? '')?.[1]
  if (id === undefined) return null
  const key = await row(`select id, user_id from api_keys where replace(id, '-', '') = ?`, id)
  return { id: String(key['id']), userId: String(key['user_id']) }
}

/** Sends the call once for each batch that its answer waits for, from `first` on, with the loss right before that batch. */
export async function* losing(
  flow: Flow,
  { call, credential }: { call: Call; credential: Credential },
  { loss, first = 0 }: { loss: Loss; first?: number },
): AsyncGenerator<Lost & { batch: number }> {
  const start = await readState()
  await startAnew(start)
  const calls: StoreCall[] = []
  const undisturbed = await send(call, clientOf(flow, note(calls)))
  expect(verdictOf(undisturbed)).toBe(flow.answer ?? 'success')
  const batches = undisturbed.cost.d1
  expect(batches).toBeGreaterThan(first)
  for (let batch = first; batch < batches; batch++) {
    await startAnew(start)
    yield { batch, ...(await lost(flow, call, batch, () => loss(credential))) }
  }
  await startAnew(start)
}

async function lost(flow: Flow, call: Call, batch: number, lose: () => Promise<unknown>) {
  const seen: State[] = []
  const interfere: Interference = async (storeCall, proceed) => {
    if (storeCall.store === 'd1' && storeCall.index === batch) {
      await lose()
      seen.push(await readState())
    }
    return proceed()
  }
  const answer = await send(call, clientOf(flow, interfere))
  const [before] = seen
  if (!before) throw new Error(`batch ${batch} did not come`)
  return { answer, before, after: await readState() }
}

const clientOf = ({ vars = {}, always }: Flow, interfere: Interference) =>
  createClient({ vars, interfere: both(interfere, always) })

export const verdictOf = (answer: Answer) => (answer.status < 300 ? 'success' : refusal(answer))

export const titleOf = ({ operation, name }: Flow) => (name ? `${operation}, ${name}` : operation)

/** What ends a session, or the token that was presented of it. */
export const SESSION_ENDS: Readonly<Record<string, Loss>> = {
  'the session logs out': ({ id }) =>
    rows(
      `update user_sessions set revoked_at = ?, revoked_reason = 'logout' where id = ?`,
      Date.now(),
      id,
    ),
  'the session reaches its end': ({ id }) =>
    rows('update user_sessions set expires_at = ? where id = ?', Date.now(), id),
  'the session has been idle': ({ id }) =>
    rows('update user_sessions set last_used_at = 0 where id = ?', id),
  'the token is out of date': ({ id, userId }) =>
    rows(
      `update user_sessions set least_epoch = 1 + (select auth_epoch from users where id = ?)
        where id = ?`,
      userId,
      id,
    ),
  'the user is disabled': ({ userId }) =>
    rows('update users set is_active = 0 where id = ?', userId),
}

/** The names of the exported functions of the store that take such a parameter. */
export function storeFunctionsWith(parameter: string): readonly string[] {
  const sources = import.meta.glob<string>('../../src/store/*.ts', {
    query: '?raw',
    eager: true,
    import: 'default',
  })
  const names = Object.values(sources).flatMap((text) =>
    [...text.matchAll(/^export async function (\w+)\(([^)]*)/gm)]
      .filter(([, , parameters = '']) => parameters.includes(parameter))
      .map(([, name = '']) => name),
  )
  return names.toSorted()
}
