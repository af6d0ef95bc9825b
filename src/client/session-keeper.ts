import { endsSession } from './auth-client-error'
import { createFreshness } from './freshness'
import { createRenewal, type Exchange, type KeptSession } from './renewal'
import { createReplacement, type Replace } from './replacement'
import { ofSameUser, stillKept } from './same-user'
import type { createSessionEvents } from './session-events'
import type { MaybeKnown, SessionStore, StoredSession } from './session-store'
import type { Surroundings } from './surroundings'
import { createTurns, type Turns } from './turns'
import type { Session, SignedUp } from './wire'

/** For how long a request waits for a refresh while its token is still good. */
export const PATIENCE_MS = 1500
// For how long such a token is not refreshed after that has failed, where the service does not say.
const HOLD_OFF_SECONDS = 10

/** One session, kept alive. */
export interface SessionKeeper {
  /** What is kept, as it is. */
  current(): Promise<MaybeKnown>
  /** Refreshed first when little of the access token's life is left; null when nobody is signed in. */
  fresh(): Promise<StoredSession | null>
  /** Another than this one, which is due or was refused. One exchange serves all who ask meanwhile. */
  refresh(stale: StoredSession | undefined): Promise<StoredSession>
  /** Keeps the session that is answered, if one is. */
  begin<Answer extends Session | SignedUp>(ask: () => Promise<Answer>): Promise<Answer>
  /** Asks, until there is an answer, for other tokens of the session than those that it is shown. */
  readonly replace: Replace
  /** Runs what no refresh and no other beginning may overlap, in all tabs where it can be helped. */
  readonly inTurn: Turns
  /** Signs out here, where a user is given only if it is still theirs; the service is not told. */
  forget(userId?: string): Promise<void>
}

interface Parts {
  readonly store: SessionStore
  readonly notice: ReturnType<typeof createSessionEvents>['notice']
  readonly exchange: Exchange
}

/** Keeps one session alive, by the rules that README has under "Staying logged in". */
export function keepSession(parts: Parts, surroundings: Surroundings): SessionKeeper {
  const { now, sleep } = surroundings
  const kept = keptIn(parts)
  const inTurn = createTurns(parts.store.name, surroundings)
  const renew = createRenewal(kept, parts.exchange, surroundings)
  const freshnessOf = createFreshness(surroundings)
  let refreshing: Promise<StoredSession> | undefined
  let notBefore = Number.NEGATIVE_INFINITY

  async function refresh(stale: StoredSession | undefined): Promise<StoredSession> {
    refreshing ??= inTurn(() => renew(stale)).finally(() => {
      refreshing = undefined
    })
    return ofSameUser(stale, await refreshing)
  }

  async function fresh(): Promise<StoredSession | null> {
    const session = await kept.current()
    if (session === null) return null
    if (session === undefined) return refresh(session).catch(orNobody)
    const freshness = freshnessOf(session)
    if (freshness === 'over') return refresh(session)
    if (freshness === 'fresh' || now() < notBefore) return session
    const refreshed = refresh(session).catch((error) => {
      if (endsSession(error)) throw error
      notBefore = now() + (error.retryAfter ?? HOLD_OFF_SECONDS) * 1000
      return null
    })
    const inTime = await Promise.race([refreshed, sleep(PATIENCE_MS).then(() => null)])
    return inTime ?? stillKept(kept, session)
  }

  return {
    current: kept.current,
    fresh,
    refresh,
    inTurn,
    begin: (ask) => inTurn(() => begin(kept, ask, now)),
    replace: createReplacement({ kept, fresh, refresh, inTurn }, surroundings),
    async forget(userId) {
      if (!userId || (await kept.current())?.user.id === userId) await kept.put(null)
    },
  }
}

function keptIn({ store, notice }: Parts): KeptSession {
  return {
    async current() {
      const session = await store.load()
      if (session !== undefined) notice(session)
      return session
    },
    async put(session, isNew) {
      await store.save(session)
      notice(session, isNew)
    },
  }
}

async function begin<Answer extends Session | SignedUp>(
  kept: KeptSession,
  ask: () => Promise<Answer>,
  now: Surroundings['now'],
): Promise<Answer> {
  const received_at = now()
  const answer = await ask()
  if ('access_token' in answer) await kept.put({ ...answer, received_at }, true)
  return answer
}

function orNobody(error: unknown): null {
  if (endsSession(error)) return null
  throw error
}
