import { sendHere } from './answer'
import { endsSession } from './auth-client-error'
import type { SessionKeeper } from './session-keeper'

/** `fetch` with the access token on requests to these origins, and on no other. */
export function createAuthorizedFetch(
  keeper: Pick<SessionKeeper, 'fresh' | 'refresh'>,
  send: typeof fetch,
  origins: ReadonlySet<string>,
): typeof fetch {
  return async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init)
    const isOurs = origins.has(new URL(request.url).origin)
    // A token of the caller's own stays.
    if (!isOurs || request.headers.has('Authorization')) return send(request)
    const session = await keeper.fresh()
    if (!session) return send(request)

    const sendAs = (one: Request, { access_token }: { access_token: string }) => {
      const headers = new Headers(one.headers)
      headers.set('Authorization', `Bearer ${access_token}`)
      if (one.redirect === 'manual') return send(one, { headers })
      return sendHere(send, one, { headers })
    }
    // The copy is what is sent first: a body that was read cannot be sent again.
    const response = await sendAs(request.clone(), session)
    if (response.status !== 401 || needsLogIn(response)) return response
    const renewed = await keeper.refresh(session).catch(orNone)
    if (!renewed) return response
    await response.body?.cancel()
    return sendAs(request, renewed)
  }
}

// A new token is of the same log-in (RFC 9470).
function needsLogIn({ headers }: Response): boolean {
  return headers.get('WWW-Authenticate')?.includes('insufficient_user_authentication') ?? false
}

function orNone(error: unknown): null {
  if (endsSession(error)) return null
  throw error
}
