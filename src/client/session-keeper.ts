import { persist } from './answer'
import { AuthClientError, endsSession } from './auth-client-error'
import { createFreshness } from './freshness'
import { createRenewal, type Exchange, type KeptSession } from './renewal'
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
  replace(ask: (session: StoredSession, signal: AbortSignal) => Promise<Session>): Promise<void>
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
    async replace(ask) {
      const before = await fresh()
      if (!before) throw new AuthClientError('signed_out')
      const replaceAs = (user: StoredSession) =>
        inTurn(() => replace(kept, user, ask, surroundings))
      try {
        await replaceAs(before)
      } catch (error) {
        // Its access token is over already: the service's clock may differ.
        const isOver = error instanceof AuthClientError && error.code === 'invalid_token'
        if (!isOver) throw error
        await replaceAs(await refresh(before))
      }
    },
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

// No refresh comes between: it would be refused with the tokens that an answer, perhaps a lost one, has replaced.
async function replace(
  kept: KeptSession,
  before: StoredSession,
  ask: (session: StoredSession, signal: AbortSignal) => Promise<Session>,
  { now, sleep }: Pick<Surroundings, 'now' | 'sleep'>,
): Promise<void> {
  const session = await stillKept(kept, before)
  const replaced = await persist(async (signal) => {
    const received_at = now()
    return { ...(await ask(session, signal)), received_at }
  }, sleep)
  // Who has logged out meanwhile, or in as somebody else, stays so.
  const latest = await kept.current()
  if (latest?.user.id === session.user.id) await kept.put(replaced)
}

// A logout or another login may have come while a refresh was waited for.
async function stillKept(kept: KeptSession, session: StoredSession): Promise<StoredSession> {
  const latest = await kept.current()
  if (!latest) throw new AuthClientError('signed_out')
  return ofSameUser(session, latest)
}

function ofSameUser(before: StoredSession | undefined, session: StoredSession): StoredSession {
  if (!before || session.user.id === before.user.id) return session
  throw new AuthClientError('user_changed')
}

function orNobody(error: unknown): null {
  if (endsSession(error)) return null
  throw error
}
