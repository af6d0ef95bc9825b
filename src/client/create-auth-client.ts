import { accountOperations } from './account-operations'
import type { AuthClient, AuthClientOptions } from './auth-client'
import { AuthClientError } from './auth-client-error'
import { createAuthorizedFetch } from './authorized-fetch'
import { createAsk } from './service'
import { createSessionEvents } from './session-events'
import { keepSession } from './session-keeper'
import { sessionOperations } from './session-operations'
import { cookieStore, memoryStore, type SessionStore, webStore } from './session-store'
import { runtimeSurroundings, type Surroundings } from './surroundings'
import type { Session } from './wire'

export type { AuthClient, AuthClientOptions } from './auth-client'
export type {
  AuthErrorCode,
  ClientErrorCode,
  FieldError,
  ServiceErrorCode,
} from './auth-client-error'
export type { AuthEvents } from './session-events'
export type { SessionStore, StoredSession } from './session-store'
export type { Surroundings } from './surroundings'
export type * from './wire'
export { AuthClientError }

/**
 * A client of the service at `baseUrl`, which keeps its user logged in. A page makes one; a Worker one for each request,
 * since what one request waits for another cannot.
 */
export function createAuthClient(options: AuthClientOptions): AuthClient {
  const { baseUrl, storage = 'memory', allowedOrigins = [] } = options
  const surroundings: Surroundings = { ...runtimeSurroundings(), ...options }
  const base = String(baseUrl).replace(/\/+$/, '')
  const origins = new Set([base, ...allowedOrigins].map(originOf))
  const transport = storage === 'cookie' ? 'cookie' : 'body'

  const ask = createAsk(base, surroundings.fetch, transport === 'cookie' ? WITH_COOKIE : {})
  const store = storeOf(storage, `gatehouse:${base}`, surroundings)
  const { on, notice } = createSessionEvents()
  const exchange = (session: { refresh_token?: string | undefined } = {}, signal: AbortSignal) =>
    ask<Session>(
      'POST /auth/refresh',
      { refresh_token: session.refresh_token, transport },
      { signal },
    )
  const keeper = keepSession({ store, notice, exchange }, surroundings)
  const authorizedFetch = createAuthorizedFetch(keeper, surroundings.fetch, origins)
  const asUser = createAsk(base, authorizedFetch)
  // For those who listen; whoever needs the session asks for it.
  const stopWatching = store.watch?.(() => void keeper.current().catch(() => {}))

  return {
    fetch: authorizedFetch,
    on,
    close: () => stopWatching?.(),
    accessToken: async () => (await keeper.fresh())?.access_token ?? null,
    async user() {
      const session = await keeper.current()
      return (session === undefined ? await keeper.fresh() : session)?.user ?? null
    },
    ...sessionOperations({ ask, asUser, transport }, keeper, surroundings),
    ...accountOperations(ask, asUser),
  }
}

function originOf(url: string): string {
  const { origin } = new URL(url)
  // Of every scheme that browsers give no origins: a token for one would be for all.
  if (origin === 'null') throw new TypeError(`${url} has no origin`)
  return origin
}

const WITH_COOKIE = { credentials: 'include' } as const

function storeOf(
  storage: NonNullable<AuthClientOptions['storage']>,
  name: string,
  { openStorage, openChannel }: Surroundings,
): SessionStore {
  if (storage === 'cookie') return cookieStore(name, openChannel(name))
  const web = storage === 'localStorage' ? openStorage() : null
  if (web) return webStore(web, name, openChannel(name))
  return typeof storage === 'object' ? storage : memoryStore()
}
