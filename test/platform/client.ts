import {
  createExecutionContext,
  createScheduledController,
  waitOnExecutionContext,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import * as z from 'zod/mini'
import { canonicalPath } from '../../src/http/canonical-path'
import { documentedRoutes, EVERYWHERE } from '../../src/http/openapi'
import { isPagePath } from '../../src/http/page-routes'
import { Problem, Session } from '../../src/http/wire'
import worker from '../../src/index'
import { type Counts, type Interference, type Usage, wrapBindings } from './bindings'
import { countLogged } from './logs'
import { EMAIL } from './mails'
import { countDerivations } from './pbkdf2'
import { routes } from './routes'

export interface ClientOptions {
  /** Variables and bindings in place of the test configuration's; undefined unsets one. */
  readonly vars?: Readonly<Record<string, unknown>>
  readonly interfere?: Interference
  readonly ip?: string
  readonly userAgent?: string
  /** Called when the answer is there, before the work after it. */
  readonly onAnswer?: () => void
}

export interface Sent {
  readonly body?: unknown
  /** A body sent as it is, without a content type of its own. */
  readonly rawBody?: string | Uint8Array | ReadableStream
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
  /** What the answer cost; work after it is not in here. */
  readonly cost: Counts & { derivations: number }
  /** Rows of tables and indexes that it wrote; what was written after it is not in here. */
  readonly written: number
  /** What the request cost in all, the work after the answer too. */
  readonly total: Total
}

export type Total = Counts & Usage & { derivations: number; logLines: number; logBytes: number }

export type Client = ReturnType<typeof createClient>

// Picked by name: a developer's own .dev.vars must not change what the tests see.
const {
  RATE_LIMIT_CREDENTIALS,
  RATE_LIMIT_REFRESH,
  RATE_LIMIT_MAIL,
  RATE_LIMIT_ALL,
  RATE_LIMIT_API_KEY,
} = env
const { DB, REVOCATIONS, ENVIRONMENT, AUTH_SECRETS, PASSWORD_PEPPER_V1, PASSWORD_ITERATIONS } = env
const TEST_ENV = {
  DB,
  REVOCATIONS,
  ENVIRONMENT,
  AUTH_SECRETS,
  PASSWORD_PEPPER_V1,
  PASSWORD_ITERATIONS,
  RATE_LIMIT_CREDENTIALS,
  RATE_LIMIT_REFRESH,
  RATE_LIMIT_MAIL,
  RATE_LIMIT_ALL,
  RATE_LIMIT_API_KEY,
  // The tests of a file come from one address.
  RATE_LIMIT: 'off',
  // Not the default: most tests are about something else, and read what a person was mailed. What is about the
  // default unsets it.
  EMAIL_VERIFICATION: 'off',
  EMAIL,
  MAIL_FROM: 'Gatehouse <auth@example.com>',
}

/** Talks to the Worker as the network would, and holds every answer against the documented operation. */
export function createClient(options: ClientOptions = {}) {
  const { vars = {}, interfere, ip = '192.0.2.1', userAgent = 'test-agent/1' } = options

  async function send(method: string, path: string, sent: Sent = {}): Promise<Answer> {
    const { bindings, counts, usage } = wrapBindings({ ...TEST_ENV, ...vars }, interfere)
    const [derivationsBefore, loggedBefore] = [countDerivations(), countLogged()]
    const headers = new Headers({ 'CF-Connecting-IP': ip, 'User-Agent': userAgent })
    if (sent.token !== undefined) headers.set('Authorization', `Bearer ${sent.token}`)
    if (sent.body !== undefined) headers.set('Content-Type', 'application/json')
    for (const [name, value] of Object.entries(sent.headers ?? {})) headers.set(name, value)
    const body = sent.body === undefined ? sent.rawBody : JSON.stringify(sent.body)
    const request = requestOf(path, { method, headers }, body)
    const context = createExecutionContext()
    const response = await worker.fetch(request, bindings, context)
    const cost = { ...counts, derivations: countDerivations() - derivationsBefore }
    const written = usage.rowsWritten
    options.onAnswer?.()
    const text = await response.text()
    await waitOnExecutionContext(context)
    const { derivations } = cost
    const total = { ...counts, ...usage, derivations, ...loggedSince(loggedBefore) }
    const isJson = /json/.test(response.headers.get('Content-Type') ?? '')
    const answer = {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
      cost,
      written,
      total,
    }
    if (method !== 'HEAD' && method !== 'OPTIONS') expectDocumented(request, answer)
    return answer
  }

  return {
    send,
    get: (path: string, sent?: Sent) => send('GET', path, sent),
    post: (path: string, sent?: Sent) => send('POST', path, sent),
    put: (path: string, sent?: Sent) => send('PUT', path, sent),
    patch: (path: string, sent?: Sent) => send('PATCH', path, sent),
    delete: (path: string, sent?: Sent) => send('DELETE', path, sent),
  }
}

function requestOf(path: string, init: RequestInit, body?: Sent['rawBody']): Request {
  const url = `http://127.0.0.1:8787${path}`
  if (body === undefined || body instanceof ReadableStream) {
    return new Request(url, { ...init, ...(body && { body }) })
  }
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  if (init.method !== 'GET' && init.method !== 'HEAD')
    return new Request(url, { ...init, body: bytes })
  // A GET with a body is what the network may bring and nobody can make here.
  return Object.defineProperty(new Request(url, init), 'body', { value: new Response(bytes).body })
}

/** Runs the job that runs every minute; answers what it cost. */
export async function runScheduledJob(
  interfere?: Interference,
  vars: ClientOptions['vars'] = {},
): Promise<Total> {
  const { bindings, counts, usage } = wrapBindings({ ...TEST_ENV, ...vars }, interfere)
  const before = countLogged()
  const context = createExecutionContext()
  await worker.scheduled(createScheduledController(), bindings, context)
  await waitOnExecutionContext(context)
  return { ...counts, ...usage, derivations: 0, ...loggedSince(before) }
}

function loggedSince(before: ReturnType<typeof countLogged>) {
  const { lines, bytes } = countLogged()
  return { logLines: lines - before.lines, logBytes: bytes - before.bytes }
}

// Every answer in every test: the status is one that the document names, and the body is of its schema.
function expectDocumented(request: Request, { status, headers, body }: Answer): void {
  if (isPagePath(canonicalPath(request))) {
    if (status >= 400) expect(headers.get('Content-Type')).toBe('text/html; charset=UTF-8')
    return
  }
  if (status >= 400) {
    expect(headers.get('Content-Type')).toBe('application/problem+json')
    expect(ProblemBody.parse(body).status).toBe(status)
  }
  const path = canonicalPath(request)
  const route = documented.find(
    (candidate) => candidate.method === request.method && candidate.pattern.test(path),
  )
  if (!route) return
  const { responses, problems } = route.operation
  const response = responses[status]
  // Parsing drops what the schema does not name: anything more than it names would show here.
  if (status < 400 && response) expect(schemaOf(response).parse(body)).toEqual(body)
  const known = status < 400 ? response !== undefined : isExpected(problems, body)
  expect(known, `${request.method} ${path} answered ${JSON.stringify(body)}`).toBe(true)
}

const documented = documentedRoutes(routes).map((route) => ({
  ...route,
  pattern: new RegExp(`^${route.path.replace(/:\w+/g, '[^/]+')}$`),
}))

type DocumentedAnswer = (typeof documented)[number]['operation']['responses'][number]
const schemas = new WeakMap<DocumentedAnswer, ReturnType<DocumentedAnswer['schema']>>()

/** Made once: most answers of the tests are of a few operations. */
function schemaOf(response: DocumentedAnswer) {
  const known = schemas.get(response) ?? response.schema()
  schemas.set(response, known)
  return known
}

const ProblemBody = z.strictObject(Problem().shape)

function isExpected(problems: readonly string[], body: unknown): boolean {
  const { code } = ProblemBody.parse(body)
  return [...problems, ...EVERYWHERE].some((known) => known === code)
}

/** The code of a refusal, with its status: `401 invalid_token`. */
export function refusal({ status, body }: Answer): string {
  return `${status} ${Problem().parse(body).code}`
}

/** The session of an answer that carries the refresh token in its body. */
export function sessionOf(answer: Answer) {
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
  return z.required(Session()).parse(answer.body)
}
