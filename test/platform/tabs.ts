import { vi } from 'vitest'
import type { AuthClient, AuthClientOptions } from '../../src/client/auth-client'
import { createAuthClient } from '../../src/client/create-auth-client'
import { PATIENCE_MS } from '../../src/client/session-keeper'
import type { Channel, KeyValueStorage } from '../../src/client/session-store'
import type { Locks } from '../../src/client/surroundings'
import { advanceSeconds } from './clock'
import { createNetwork, type Network, SERVICE } from './network'
import { newEmail, PASSWORD } from './people'

// What browsers have and workerd lacks: Web Locks, BroadcastChannel and localStorage, as the tabs of one browser
// share them.

export interface Browser {
  readonly network: Network
  /** What localStorage holds. */
  readonly stored: Map<string, string>
  /** How long clients have slept, in milliseconds, without their patience. */
  readonly pauses: readonly number[]
  /** Ends the patience of requests that wait for a refresh. */
  losePatience(): void
  openTab(options?: Partial<AuthClientOptions>): AuthClient
}

export interface BrowserOptions {
  readonly network?: Network
  /** What every tab is opened with. */
  readonly tabs?: Partial<AuthClientOptions>
}

export function createBrowser({ network = createNetwork(), tabs }: BrowserOptions = {}): Browser {
  const stored = new Map<string, string>()
  const pauses: number[] = []
  const impatient: (() => void)[] = []
  const locks = createLocks()
  const openChannel = createChannels()
  // Nothing is judged by the machine's time: limits never end, but where a test says so.
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => new AbortController().signal)

  // Pauses take no time but on the clock.
  async function sleep(milliseconds: number): Promise<void> {
    if (milliseconds === PATIENCE_MS) return new Promise((resolve) => impatient.push(resolve))
    pauses.push(milliseconds)
    advanceSeconds(milliseconds / 1000)
  }

  return {
    network,
    stored,
    pauses,
    losePatience: () => {
      for (const go of impatient.splice(0)) go()
    },
    openTab: (options) =>
      createAuthClient({
        baseUrl: SERVICE,
        fetch: network.fetch,
        sleep,
        random: () => 0.5,
        openStorage: () => keyValueStorage(stored),
        locks,
        openChannel,
        ...tabs,
        ...options,
      }),
  }
}

/** Signs somebody of the test's own up in this tab. */
export async function signUpIn(tab: AuthClient) {
  const email = newEmail()
  const { user } = await tab.signUp({ email, password: PASSWORD })
  return { email, password: PASSWORD, user }
}

/** What this tab tells its listeners, in order. */
export function eventsOf(tab: AuthClient): string[] {
  const events: string[] = []
  tab.on('signedIn', ({ email }) => events.push(`signedIn ${email}`))
  tab.on('refreshed', ({ email }) => events.push(`refreshed ${email}`))
  tab.on('signedOut', () => events.push('signedOut'))
  return events
}

function keyValueStorage(stored: Map<string, string>): KeyValueStorage {
  return {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => stored.set(key, value),
    removeItem: (key) => stored.delete(key),
  }
}

/** Exclusive locks by name, granted in the order asked for; who waits may give up. */
export function createLocks(): Locks {
  const queues = new Map<string, Promise<unknown>>()
  return {
    async request(name, { signal }, act) {
      const before = queues.get(name) ?? Promise.resolve()
      let release = () => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      queues.set(
        name,
        before.then(() => released),
      )
      try {
        await Promise.race([before, aborted(signal)])
        return await act()
      } finally {
        release()
      }
    },
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}

/** Channels by name, which reach all others of that name but their own, a little later. */
export function createChannels(): (name: string) => Channel {
  const open = new Map<string, Set<Channel>>()
  return (name) => {
    const group = open.get(name) ?? new Set()
    open.set(name, group)
    const channel: Channel = {
      onmessage: null,
      close: () => group.delete(channel),
      postMessage(message) {
        const data: unknown = structuredClone(message)
        for (const other of group) {
          if (other !== channel) queueMicrotask(() => other.onmessage?.({ data }))
        }
      },
    }
    group.add(channel)
    return channel
  }
}
