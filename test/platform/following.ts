/** What was asked of a network, in order. */
interface Asked {
  readonly url: string
  readonly authorization: string | null
}

/**
 * A network that does as `fetch` does with what it is told: it follows a redirect, credentials and all, unless the
 * request forbids it. Who answers is found by the address; `*` is everybody else.
 */
export function networkOf(answers: Readonly<Record<string, (request: Request) => Response>>) {
  const asked: Asked[] = []

  async function ask(request: Request, hops = 0): Promise<Response> {
    asked.push({ url: request.url, authorization: request.headers.get('Authorization') })
    const answerer = answers[request.url] ?? answers['*']
    if (!answerer) throw new Error(`nobody is at ${request.url}`)
    const answer = answerer(request)
    const location = answer.headers.get('Location')
    const isRedirect = location !== null && answer.status >= 300 && answer.status < 400
    if (!isRedirect || request.redirect === 'manual') return answer
    if (request.redirect === 'error' || hops > 5) throw new TypeError('redirected')
    const { method, headers } = request
    return ask(new Request(new URL(location, request.url), { method, headers }), hops + 1)
  }

  const fetch: typeof globalThis.fetch = (input, init) => ask(new Request(input, init))
  return { asked, fetch }
}
