import type { StoredSession } from './session-store'
import type { User } from './wire'

/**
 * What listeners are told, each with its arguments. It may have happened in another tab.
 * - `signedIn`: there is a session, by signing up or logging in, or found at the start
 * - `refreshed`: it has new tokens, and the user's roles as they are now
 * - `signedOut`: it has ended
 */
export interface AuthEvents {
  signedIn: [user: User]
  refreshed: [user: User]
  signedOut: []
}

/** Has the listener called each time. Answers how to stop. */
export type Listen = <Event extends keyof AuthEvents>(
  event: Event,
  listener: (...details: AuthEvents[Event]) => void,
) => () => void

type Listeners = { [Event in keyof AuthEvents]: Set<(...details: AuthEvents[Event]) => void> }

/** Tells listeners of each change of the session once, however often it is noticed. */
export function createSessionEvents() {
  const listeners: Listeners = { signedIn: new Set(), refreshed: new Set(), signedOut: new Set() }
  let known: StoredSession | null = null

  const on: Listen = (event, listener) => {
    listeners[event].add(listener)
    return () => {
      listeners[event].delete(listener)
    }
  }

  function emit<Event extends keyof AuthEvents>(event: Event, ...details: AuthEvents[Event]): void {
    for (const listener of listeners[event]) {
      // Later, so that what a listener throws is its own.
      queueMicrotask(() => listener(...details))
    }
  }

  function notice(session: StoredSession | null, isNew = false): void {
    const before = known
    known = session
    if (!session) {
      if (before) emit('signedOut')
    } else if (isNew || session.user.id !== before?.user.id) emit('signedIn', session.user)
    else if (session.access_token !== before.access_token) emit('refreshed', session.user)
  }

  return { on, notice }
}
