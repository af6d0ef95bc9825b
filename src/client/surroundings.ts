import type { Channel, KeyValueStorage } from './session-store'

/** As much of a LockManager (Web Locks) as is used. */
export interface Locks {
  request<Result>(
    name: string,
    options: { signal: AbortSignal },
    act: () => Promise<Result>,
  ): Promise<Result>
}

/** What a client takes from where it runs. Each can be replaced, as tests do; null is for what is not there. */
export interface Surroundings {
  readonly fetch: typeof fetch
  /** Milliseconds since any fixed time. Only differences count, so it need not agree with the service's clock. */
  now(): number
  sleep(milliseconds: number): Promise<void>
  /** Chance, from 0 to below 1. */
  random(): number
  openStorage(): KeyValueStorage | null
  readonly locks: Locks | null
  openChannel(name: string): Channel | null
}

// What not every runtime has; the rest of these is everywhere.
interface Runtime {
  readonly localStorage?: KeyValueStorage
  readonly navigator?: { readonly locks?: Locks }
  readonly BroadcastChannel?: new (name: string) => Channel
}

/** Those of the runtime: a browser, Node or a Worker. */
export function runtimeSurroundings(): Surroundings {
  const runtime = globalThis as unknown as Runtime
  return {
    fetch: (input, init) => fetch(input, init),
    now: Date.now,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    random: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
    openStorage() {
      try {
        return runtime.localStorage ?? null
      } catch {
        // Browsers throw where the user has blocked it.
        return null
      }
    },
    locks: runtime.navigator?.locks ?? null,
    openChannel: (name) => (runtime.BroadcastChannel ? new runtime.BroadcastChannel(name) : null),
  }
}
