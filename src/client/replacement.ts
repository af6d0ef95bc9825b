import { persist } from './answer'
import { AuthClientError } from './auth-client-error'
import type { KeptSession } from './renewal'
import { stillKept } from './same-user'
import type { StoredSession } from './session-store'
import type { Surroundings } from './surroundings'
import type { Turns } from './turns'
import type { Session } from './wire'

type Ask = (session: StoredSession, signal: AbortSignal) => Promise<Session>

/** Asks, until there is an answer, for other tokens of the session than those that `ask` is shown. */
export type Replace = (ask: Ask) => Promise<void>

interface Keeping {
  readonly kept: KeptSession
  readonly fresh: () => Promise<StoredSession | null>
  readonly refresh: (stale: StoredSession) => Promise<StoredSession>
  readonly inTurn: Turns
}

/**
 * Puts the answered tokens in place of the session's. No refresh comes between: it would be refused with the tokens that an
 * answer, perhaps a lost one, has replaced.
 */
export function createReplacement(
  { kept, fresh, refresh, inTurn }: Keeping,
  { now, sleep }: Pick<Surroundings, 'now' | 'sleep'>,
): Replace {
  async function replace(before: StoredSession, ask: Ask): Promise<void> {
    const session = await stillKept(kept, before)
    const replaced = await persist(async (signal) => {
      const received_at = now()
      return { ...(await ask(session, signal)), received_at }
    }, sleep)
    // Who has logged out meanwhile, or in as somebody else, stays so.
    const latest = await kept.current()
    if (latest?.user.id === session.user.id) await kept.put(replaced)
  }

  return async (ask) => {
    const before = await fresh()
    if (!before) throw new AuthClientError('signed_out')
    try {
      await inTurn(() => replace(before, ask))
    } catch (error) {
      // Its access token is over already: the service's clock may differ.
      const isOver = error instanceof AuthClientError && error.code === 'invalid_token'
      if (!isOver) throw error
      const renewed = await refresh(before)
      await inTurn(() => replace(renewed, ask))
    }
  }
}
