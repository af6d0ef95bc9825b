import type { Session } from './wire'

/** A session as it is kept. */
export interface StoredSession extends Session {
  /** When the request was sent that it answered, in milliseconds of the local clock: its age counts from there. */
  received_at: number
}

/** Where a client keeps its session. Several tabs may share one. */
export interface SessionStore {
  /** What is kept; null when nobody is signed in, undefined when only the service knows: then it is asked. */
  load(): Awaitable<MaybeKnown>
  save(session: StoredSession | null): Awaitable<void>
  /** Where tabs share it: the name of the lock under which one of them refreshes for all. */
  readonly name?: string
  /** Where tabs share it: has `changed` called when another one has saved. Answers how to stop that. */
  watch?(changed: () => void): () => void
}

/** A session, null for nobody's, undefined where that is not known. */
export type MaybeKnown = StoredSession | null | undefined
/** At once or later. */
export type Awaitable<Value> = Value | Promise<Value>

/** As much of a BroadcastChannel as is used. */
export interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null
  postMessage(message: unknown): void
  close(): void
}

/** As much of localStorage as is used. */
export interface KeyValueStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

// Of a browser's window, when another tab has changed its localStorage.
interface StorageEvents {
  addEventListener?(type: 'storage', heed: (event: { key: string | null }) => void): void
  removeEventListener?(type: 'storage', heed: (event: { key: string | null }) => void): void
}

/** Of this client alone, for as long as it lives. */
export function memoryStore(): SessionStore {
  let kept: StoredSession | null = null
  return {
    load: () => kept,
    save(session) {
      kept = session
    },
  }
}

/** Shared by the tabs of an origin, and there after a reload. The channel says that it has changed, not to what. */
export function webStore(
  storage: KeyValueStorage,
  name: string,
  channel: Channel | null,
): SessionStore {
  return {
    name,
    load: () => parseSession(storage.getItem(name)),
    save(session) {
      if (session) storage.setItem(name, JSON.stringify(session))
      else storage.removeItem(name)
      channel?.postMessage(null)
    },
    watch(changed) {
      const page = globalThis as unknown as StorageEvents
      // Null when all of it was cleared.
      const heed = ({ key }: { key: string | null }) => {
        if (key === name || key === null) changed()
      }
      page.addEventListener?.('storage', heed)
      const stop = listen(channel, changed)
      return () => {
        page.removeEventListener?.('storage', heed)
        stop()
      }
    },
  }
}

/**
 * Beside a cookie that has the refresh token: the rest in memory, which the tabs of an origin tell each other.
 * Undefined until the service was asked, since no script can see whether there is a cookie.
 */
export function cookieStore(name: string, channel: Channel | null): SessionStore {
  let kept: MaybeKnown
  return {
    name,
    load: () => kept,
    save(session) {
      kept = session
      channel?.postMessage(session)
    },
    watch: (changed) =>
      listen(channel, (message) => {
        kept = isSession(message) ? message : null
        changed()
      }),
  }
}

function listen(channel: Channel | null, heard: (message: unknown) => void): () => void {
  if (!channel) return () => {}
  channel.onmessage = ({ data }) => heard(data)
  // Node would not end while somebody listens.
  if ('unref' in channel && typeof channel.unref === 'function') channel.unref()
  return () => channel.close()
}

// Anything may be there under our name: what is no session is none.
function parseSession(json: string | null): StoredSession | null {
  try {
    const session: unknown = JSON.parse(json ?? 'null')
    return isSession(session) ? session : null
  } catch {
    return null
  }
}

function isSession(value: unknown): value is StoredSession {
  const session: { readonly [Key in keyof StoredSession]?: unknown } = Object(value)
  const { id }: { readonly id?: unknown } = Object(session.user)
  return (
    typeof session.access_token === 'string' &&
    // It has to fit a header.
    /^[!-~]+$/.test(session.access_token) &&
    typeof id === 'string' &&
    Number.isFinite(session.expires_in) &&
    Number.isFinite(session.received_at)
  )
}
