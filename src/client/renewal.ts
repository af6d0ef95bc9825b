import { persist } from './answer'
import { AuthClientError, endsSession } from './auth-client-error'
import type { MaybeKnown, StoredSession } from './session-store'
import type { Surroundings } from './surroundings'
import type { Session } from './wire'

/** Before a token that was superseded just now is shown once more: what took its place may be stored by then. */
export const SUPERSEDED_PAUSE_MS = 1000

/** Exchanges the refresh token of the session, or else of the cookie. */
export type Exchange = (session: StoredSession | undefined, signal: AbortSignal) => Promise<Session>

/** What is kept, where each change is told to who listens. */
export interface KeptSession {
  current(): Promise<MaybeKnown>
  put(session: StoredSession | null, isNew?: boolean): Promise<void>
}

/**
 * Puts another session in place of a stale one, and stores it whole before anybody goes on with it.
 * @throws AuthClientError signed_out, or what the service refused with
 */
export function createRenewal(
  kept: KeptSession,
  exchange: Exchange,
  { now, sleep }: Pick<Surroundings, 'now' | 'sleep'>,
) {
  const exchanged = (presented: StoredSession | undefined): Promise<StoredSession> =>
    persist(async (signal) => {
      const received_at = now()
      return { ...(await exchange(presented, signal)), received_at }
    }, sleep)

  async function renew(presented: MaybeKnown, isLast: boolean): Promise<StoredSession> {
    const outcome = await exchanged(presented ?? undefined).catch(refusalOfSession)
    const isRefused = outcome instanceof AuthClientError
    const isSuperseded = isRefused && outcome.code === 'superseded'
    if (isSuperseded && !isLast) await sleep(SUPERSEDED_PAUSE_MS)
    const latest = await kept.current()
    // A login, a logout or a tab that got no lock came between: what they kept is newer, and stays.
    if (!isSame(latest, presented)) {
      if (latest) return latest
      throw new AuthClientError('signed_out')
    }
    // Those who have the newer tokens may be about to store them, or have them in the cookie by now.
    if (isSuperseded && !isLast) return renew(presented, true)
    await kept.put(isRefused ? null : outcome)
    if (isSuperseded) throw new AuthClientError('signed_out', { cause: outcome })
    if (isRefused) throw outcome
    return outcome
  }

  return async (stale: StoredSession | undefined): Promise<StoredSession> => {
    const presented = await kept.current()
    if (presented === null) throw new AuthClientError('signed_out')
    // Another tab was faster.
    if (presented && !isSame(presented, stale)) return presented
    return renew(presented, false)
  }
}

function refusalOfSession(error: unknown): AuthClientError {
  if (endsSession(error)) return error
  if (error instanceof AuthClientError && error.code === 'superseded') return error
  throw error
}

function isSame(one: MaybeKnown, other: MaybeKnown): boolean {
  return one && other ? one.access_token === other.access_token : one === other
}
