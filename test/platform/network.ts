import { type Client, createClient } from './client'

// What lies between a client of ours and the Worker. It notes what is sent, and a test may lose or replace answers.

export interface Sent {
  /** Such as `POST /auth/refresh`. */
  readonly operation: string
  readonly url: string
  readonly authorization: string | null
  readonly redirect: string
  readonly body: string
}

/** Stands around each request: may answer in place of the Worker, or withhold what it answers. */
export type Disturbance = (sent: Sent, proceed: () => Promise<Response>) => Promise<Response>

export interface Network {
  readonly fetch: typeof fetch
  readonly sent: readonly Sent[]
  /** How often this was asked for. */
  count(operation: string): number
  /** From now on; none lets everything pass. */
  disturb(disturbance?: Disturbance): void
  /** The cookies, which all clients of a network share as the tabs of a browser do. */
  readonly cookies: Map<string, string>
}

export const SERVICE = 'http://127.0.0.1:8787'

const calm: Disturbance = (_sent, proceed) => proceed()

export function createNetwork(worker: Client = createClient()): Network {
  const sent: Sent[] = []
  const cookies = new Map<string, string>()
  let disturbance = calm
  return {
    sent,
    cookies,
    count: (operation) => sent.filter((request) => request.operation === operation).length,
    disturb(next = calm) {
      disturbance = next
    },
    async fetch(input: RequestInfo | URL, init: RequestInit & { credentials?: string } = {}) {
      // Workers know no credentials.
      const { credentials, ...known } = init
      const request = new Request(input, known)
      const body = await request.clone().text()
      const { method, url, headers, redirect } = request
      const operation = `${method} ${new URL(url).pathname}`
      const authorization = headers.get('Authorization')
      const one = { operation, url, authorization, redirect, body }
      sent.push(one)
      const jar = credentials === 'include' ? cookies : new Map<string, string>()
      const response = await disturbance(one, () => pass(worker, request, jar))
      request.signal.throwIfAborted()
      keepCookies(response, jar)
      return response
    },
  }
}

async function pass(worker: Client, request: Request, jar: Map<string, string>): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const headers = {
    ...Object.fromEntries(request.headers),
    Origin: SERVICE,
    ...(cookie && { Cookie: cookie }),
  }
  const rawBody = await request.text()
  const answer = await worker.send(request.method, pathname + search, {
    headers,
    ...(rawBody && { rawBody }),
  })
  const { status } = answer
  return new Response(JSON.stringify(answer.body), { status, headers: answer.headers })
}

function keepCookies({ headers }: Response, jar: Map<string, string>): void {
  for (const set of headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
    if (/Max-Age=0/.test(set)) jar.delete(name)
    else jar.set(name, value)
  }
}

/** The request is done, and the client is never told: `times` such requests. */
export function loseAnswers(operation: string, times: number): Disturbance {
  let left = times
  return async (sent, proceed) => {
    const response = await proceed()
    if (sent.operation !== operation || left-- <= 0) return response
    throw new TypeError('connection lost')
  }
}

/** In place of the Worker's, for one operation. */
export function answerWith(operation: string, answer: () => Response): Disturbance {
  return (sent, proceed) => (sent.operation === operation ? Promise.resolve(answer()) : proceed())
}

/** The Worker answers at once, and the answer is under way until it is released. */
export function hold(operation: string) {
  const reached = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const disturbance: Disturbance = async (sent, proceed) => {
    const response = await proceed()
    if (sent.operation !== operation) return response
    reached.resolve()
    await released.promise
    return response
  }
  return { reached: reached.promise, release: released.resolve, disturbance }
}
