import { AuthClientError, endsSession, isRefusal, refusalOf } from './auth-client-error'
import type { Surroundings } from './surroundings'

const REDIRECTS = [301, 302, 303, 307, 308]
// An answer that is lost has to be asked for again while the service still takes the token that it replaced, which
// is ten seconds: three attempts fit.
const ANSWER_LIMIT_MS = 4000
const PAUSES_MS = [0, 1000, 2000, 4000]

/**
 * Sends, and follows no redirect: what a request carries is for its own address alone, and not every runtime takes
 * the token off on the way to another.
 * @throws AuthClientError redirected
 */
export async function sendHere(
  send: typeof fetch,
  input: Request | string,
  init: RequestInit,
): Promise<Response> {
  const response = await send(input, { ...init, redirect: 'manual' })
  // A browser shows no more of a redirect than the status 0.
  if (response.status !== 0 && !REDIRECTS.includes(response.status)) return response
  throw new AuthClientError('redirected', { status: response.status })
}

/** What the answer carries. @throws AuthClientError */
export async function answerOf<Answer>(answered: Promise<Response>): Promise<Answer> {
  const { response, text } = await received(answered)
  const body = parseJson(text)
  if (!response.ok || body === undefined) throw refusalOf(response, body)
  return body as Answer
}

// An answer that breaks off is as good as none: it may have been done.
async function received(answered: Promise<Response>) {
  try {
    const response = await answered
    return { response, text: await response.text() }
  } catch (cause) {
    if (cause instanceof AuthClientError) throw cause
    throw new AuthClientError('no_answer', { cause })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Asks until there is an answer: at once again, then after growing pauses, then no more. For what may be repeated. */
export async function persist<Answer>(
  ask: (signal: AbortSignal) => Promise<Answer>,
  sleep: Surroundings['sleep'],
): Promise<Answer> {
  for (const pause of PAUSES_MS) {
    try {
      return await ask(AbortSignal.timeout(ANSWER_LIMIT_MS))
    } catch (error) {
      if (isRefusal(error) || endsSession(error)) throw error
      await sleep(pause)
    }
  }
  return ask(AbortSignal.timeout(ANSWER_LIMIT_MS))
}
