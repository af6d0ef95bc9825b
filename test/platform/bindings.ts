import { env } from 'cloudflare:workers'

// Counts what the service asks of D1 and KV, lets a test interfere with each call, and enforces what the
// local simulators do not: KV refuses a second write to a key within a second.

export interface Call {
  readonly store: 'd1' | 'kv'
  readonly operation: 'batch' | 'get' | 'put'
  /** Counted from 0 over the calls to this store. */
  readonly index: number
  /** Statements in a batch, keys of a KV call. */
  readonly size: number
}

/** Stands around each call: may fail, delay or repeat it, before or after it has happened. */
export type Interference = <Result>(call: Call, proceed: () => Promise<Result>) => Promise<Result>

export interface Counts {
  d1: number
  kvReads: number
  kvWrites: number
  statements: number
}

/** What Cloudflare counts, and has paid: each key that KV is asked for, and each row of a table or of an index. */
export interface Usage {
  rowsRead: number
  rowsWritten: number
  kvKeysRead: number
}

type Store = Call['store']
type Track = <Result>(call: Omit<Call, 'index'>, proceed: () => Promise<Result>) => Promise<Result>

export const LOST_CONNECTION = 'D1_ERROR: Network connection lost.'

const undisturbed: Interference = (_call, proceed) => proceed()

export function fail(store: Store, index: number, message = LOST_CONNECTION): Interference {
  return (call, proceed) => {
    if (call.store === store && call.index === index) throw new Error(message)
    return proceed()
  }
}

/** Every call to the store fails. */
export function failAll(store: Store, message = LOST_CONNECTION): Interference {
  return (call, proceed) => {
    if (call.store === store) throw new Error(message)
    return proceed()
  }
}

/** The call happens, and its caller is told that it did not. */
export function failAfterCommit(
  store: Store,
  index: number,
  message = LOST_CONNECTION,
): Interference {
  return async (call, proceed) => {
    const result = await proceed()
    if (call.store === store && call.index === index) throw new Error(message)
    return result
  }
}

/** Somebody else acts just before the call. */
export function preempt(store: Store, index: number, act: () => Promise<unknown>): Interference {
  return async (call, proceed) => {
    if (call.store === store && call.index === index) await act()
    return proceed()
  }
}

/** The call happens, then somebody else acts, and its caller is told that it did not: it is run again. */
export function interrupt(store: Store, index: number, act: () => Promise<unknown>): Interference {
  return async (call, proceed) => {
    const result = await proceed()
    if (call.store !== store || call.index !== index) return result
    await act()
    throw new Error(LOST_CONNECTION)
  }
}

export function delay(store: Store, index: number, milliseconds: number): Interference {
  return async (call, proceed) => {
    if (call.store === store && call.index === index) {
      await new Promise((resolve) => setTimeout(resolve, milliseconds))
    }
    return proceed()
  }
}

/**
 * KV as a location sees it that keeps what it has read, misses too, for so long by the stopped clock.
 * Reads past the local simulator's own cache, which keeps the machine's time.
 */
export function staleReads(seconds: number): Interference {
  const seen = new Map<string, { value: string | null; until: number }>()
  return async (call, proceed) => {
    const result = await proceed()
    if (call.operation !== 'get' || !(result instanceof Map)) return result
    for (const key of result.keys()) {
      const known = seen.get(key)
      const isFresh = known !== undefined && known.until > Date.now()
      const value = isFresh ? known.value : await env.REVOCATIONS.get(key)
      if (!isFresh) seen.set(key, { value, until: Date.now() + seconds * 1000 })
      result.set(key, value)
    }
    return result
  }
}

export function wrapBindings<Bindings extends { DB: D1Database; REVOCATIONS: KVNamespace }>(
  bindings: Bindings,
  interfere: Interference = undisturbed,
): { bindings: Bindings; counts: Counts; usage: Usage } {
  const counts: Counts = { d1: 0, kvReads: 0, kvWrites: 0, statements: 0 }
  const usage: Usage = { rowsRead: 0, rowsWritten: 0, kvKeysRead: 0 }
  const next = { d1: 0, kv: 0 }
  const track: Track = async (call, proceed) => {
    if (call.store === 'd1') counts.statements += call.size
    if (call.store === 'd1') counts.d1++
    else if (call.operation === 'get') counts.kvReads++
    else counts.kvWrites++
    if (call.operation === 'get') usage.kvKeysRead += call.size
    return interfere({ ...call, index: next[call.store]++ }, proceed)
  }
  const DB = wrapDatabase(bindings.DB, track, usage)
  const REVOCATIONS = wrapNamespace(bindings.REVOCATIONS, track)
  return { bindings: { ...bindings, DB, REVOCATIONS }, counts, usage }
}

const realStatements = new WeakMap<D1PreparedStatement, D1PreparedStatement>()

function wrapDatabase(database: D1Database, track: Track, usage: Usage): D1Database {
  const run = async (statements: D1PreparedStatement[]) => {
    const real = statements.map((statement) => realStatements.get(statement) ?? statement)
    const results = await database.batch(real)
    for (const { meta } of results) {
      usage.rowsRead += meta.rows_read
      usage.rowsWritten += meta.rows_written
    }
    return results
  }
  return new Proxy(database, {
    get(target, name) {
      if (name === 'prepare') return (query: string) => wrapStatement(target.prepare(query))
      if (name === 'batch') {
        return (statements: D1PreparedStatement[]) =>
          track({ store: 'd1', operation: 'batch', size: statements.length }, () => run(statements))
      }
      throw new Error(`the service does not use D1's ${String(name)}`)
    },
  })
}

function wrapStatement(statement: D1PreparedStatement): D1PreparedStatement {
  const wrapped = new Proxy(statement, {
    get(target, name) {
      if (name === 'bind') return (...values: unknown[]) => wrapStatement(target.bind(...values))
      throw new Error(
        `statements run in batches, which are retried and classified: ${String(name)}`,
      )
    },
  })
  realStatements.set(wrapped, statement)
  return wrapped
}

const lastWrites = new Map<string, number>()

/** With each test the stopped clock begins anew. */
export function forgetWrites(): void {
  lastWrites.clear()
}

function wrapNamespace(namespace: KVNamespace, track: Track): KVNamespace {
  return new Proxy(namespace, {
    get(target, name) {
      if (name === 'get') {
        return (keys: string[], options: KVNamespaceGetOptions<'text'>) =>
          track({ store: 'kv', operation: 'get', size: keys.length }, () =>
            target.get(keys, options),
          )
      }
      if (name === 'put') {
        return (key: string, value: string, options: KVNamespacePutOptions) =>
          track({ store: 'kv', operation: 'put', size: 1 }, async () => {
            requireWriteAllowed(key)
            return target.put(key, value, options)
          })
      }
      throw new Error(`the service does not use KV's ${String(name)}`)
    },
  })
}

// The stopped clock and the machine's own count together: either passing a second will do.
function requireWriteAllowed(key: string): void {
  const now = Date.now() + performance.now()
  const last = lastWrites.get(key)
  if (last !== undefined && now - last < 1000) {
    throw new Error('KV PUT failed: 429 Too Many Requests')
  }
  lastWrites.set(key, now)
}
