import type { World } from './world.ts'

/** Where somebody asks from, as Cloudflare would say. */
export interface From {
  readonly ip: string
  readonly userAgent: string
}

export interface Question {
  readonly verb: string
  readonly method: string
  readonly path: string
  readonly token?: string | undefined
  readonly apiKey?: string
  readonly body?: unknown
  /** A body sent as it is, of this type. */
  readonly raw?: { readonly body: string | Uint8Array<ArrayBuffer>; readonly type: string }
  /** Milliseconds after which the client hangs up. */
  readonly hangUpAfter?: number | undefined
}

export interface Answer {
  readonly status: number
  /** A status, and with a problem its code: `401 invalid_token`. */
  readonly label: string
  readonly body: Readonly<Record<string, unknown>>
}

/** An answer that must not come. */
export class Unexpected extends Error {
  override readonly name = 'Unexpected'
}

const PATIENCE_MS = 120_000
const MOST_TRIES = 6
const PAUSE_MS = 200

/**
 * Asks once. Null: nobody knows what has happened, for the client hung up, or the service was unavailable.
 *
 * @param allowed the labels of the answers that may come
 * @throws Unexpected
 */
export async function ask(
  { url, statistics, ledger }: World,
  from: From,
  question: Question,
  allowed: readonly string[],
): Promise<Answer | null> {
  const { verb, method, path, hangUpAfter } = question
  const name = `${verb} (${method} ${path})`
  const start = performance.now()
  const note = (label: string) => statistics.note(verb, label, performance.now() - start)
  const signal = AbortSignal.timeout(hangUpAfter ?? PATIENCE_MS)
  let response: Response
  let text: string
  try {
    response = await fetch(url + path, { method, signal, ...sent(from, question) })
    text = await response.text()
  } catch (error) {
    if (!signal.aborted) ledger.find(`${name}: ${describe(error)}`)
    note(hangUpAfter === undefined ? 'lost' : 'hung up')
    return null
  }
  const answer = read(response, text)
  note(answer.label)
  const id = response.headers.get('X-Request-Id')
  if ([429, 503].includes(answer.status) && !response.headers.has('Retry-After')) {
    ledger.find(`${name}: ${answer.label} without Retry-After, request ${id}`)
  }
  if (answer.status === 503) return null
  if (allowed.includes(answer.label)) return answer
  const wanted = allowed.join(' or ')
  throw new Unexpected(
    `${name}: ${answer.label}, not ${wanted}; request ${id}: ${text.slice(0, 300)}`,
  )
}

/**
 * Asks until there is an answer. From the second time on what `again` says may come too: the first may have been heard.
 * @throws Unexpected also when there is none
 */
export async function askUntilKnown(
  world: World,
  from: From,
  question: Question,
  { allowed, again = [] }: { allowed: readonly string[]; again?: readonly string[] },
): Promise<{ answer: Answer; tries: number }> {
  const { hangUpAfter: _, ...patient } = question
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const answer =
      tries === 1
        ? await ask(world, from, question, allowed)
        : await ask(world, from, patient, [...allowed, ...again])
    if (answer) return { answer, tries }
    await pause(PAUSE_MS)
  }
  throw new Unexpected(`${question.verb}: no answer in ${MOST_TRIES} tries`)
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function sent(from: From, { token, apiKey, body, raw }: Question) {
  const headers = new Headers({ 'CF-Connecting-IP': from.ip, 'User-Agent': from.userAgent })
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`)
  if (apiKey !== undefined) headers.set('X-API-Key', apiKey)
  if (raw) headers.set('Content-Type', raw.type)
  else if (body !== undefined) headers.set('Content-Type', 'application/json')
  const content = raw ? raw.body : body === undefined ? null : JSON.stringify(body)
  return { headers, body: content }
}

function read({ status, headers }: Response, text: string): Answer {
  const isJson = headers.get('Content-Type')?.includes('json') ?? false
  const body = isJson && text !== '' ? JSON.parse(text) : {}
  return { status, label: status < 400 ? String(status) : `${status} ${body.code}`, body }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
