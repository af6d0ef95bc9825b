import { expect } from 'vitest'
import { PROBLEMS, type ProblemCode } from '../../src/http/problems'
import { Problem } from '../../src/http/wire'
import type { Answer } from '../platform/client'

// SECURITY.md H1 to H4: what holds of every answer, whatever was asked and whatever came of it.

const EVERYWHERE = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
}
const NOWHERE = ['X-Powered-By', 'Server', 'Set-Cookie2', 'Access-Control-Allow-Private-Network']

/** Of pages, which are documents: what an answer of the API says otherwise, and what it need not say. */
const PAGES = {
  ...EVERYWHERE,
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'self'",
  // Nothing of the address, which may hold the token of a mailed link; but from where a form comes.
  'Referrer-Policy': 'strict-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  'Permissions-Policy':
    'accelerometer=(), bluetooth=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), ' +
    'magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), ' +
    'publickey-credentials-create=(self), publickey-credentials-get=(self)',
}

/** The same for whatever the addresses of pages answer: a page, where it leads, a download. */
export function expectGuardedPage(
  { status, headers, body }: Answer,
  cacheControl = 'no-store',
): void {
  const isPage = headers.get('Content-Type')?.startsWith('text/html') === true
  expect(headers.get('Cache-Control'), `Cache-Control of a ${status}`).toBe(cacheControl)
  for (const [name, value] of Object.entries(isPage ? PAGES : EVERYWHERE)) {
    expect(headers.get(name), `${name} of a ${status}`).toBe(value)
  }
  for (const name of NOWHERE) expect(headers.get(name), name).toBeNull()
  expect(headers.get('X-Request-Id')).toMatch(/^[\w-]{1,64}$/)
  expect(headers.get('Access-Control-Allow-Origin')).toBeNull()
  if (status >= 300 && status < 400) expect(headers.get('Location')).toMatch(/^\/(?!\/)/)
  else if (body !== '') expect(headers.get('Content-Type')).toMatch(/^(?:text|application)\//)
}

/** `path` matters where what is public may be kept. */
export function expectGuarded(answer: Answer, path = ''): void {
  const { status, headers, body } = answer
  const isPublic = status === 200 && path.startsWith('/.well-known/')
  expect(headers.get('Cache-Control')).toBe(isPublic ? 'public, max-age=300' : 'no-store')
  for (const [name, value] of Object.entries(EVERYWHERE)) {
    expect(headers.get(name), `${name} of a ${status}`).toBe(value)
  }
  for (const name of NOWHERE) expect(headers.get(name), name).toBeNull()
  expect(headers.get('X-Request-Id')).toMatch(/^[\w-]{1,64}$/)
  if (status < 400) expect(headers.get('WWW-Authenticate')).toBeNull()
  if (body === '') return
  if (status >= 400) expectProblem(answer)
  else expect(headers.get('Content-Type')).toBe('application/json')
}

/** It says what the list of problems says of its code, and nothing of what happened here. */
function expectProblem({ status, headers, body }: Answer): void {
  const { code, ...told } = Problem().parse(body)
  expect(PROBLEMS).toHaveProperty(code)
  const { title, detail, ...wording } = PROBLEMS[code as ProblemCode]
  expect(told).toMatchObject({ type: `urn:gatehouse:problem:${code}`, title, detail, status })
  expect(told.request_id).toBe(headers.get('X-Request-Id'))
  expect(headers.get('Content-Type')).toBe('application/problem+json')
  expect(wording.status).toBe(status)
  const own: Readonly<Record<string, string>> = 'headers' in wording ? wording.headers : {}
  expect(headers.get('WWW-Authenticate'), code).toBe(own['WWW-Authenticate'] ?? null)
  const isPassing = status === 429 || status === 503
  expect(headers.get('Retry-After') ?? '', code).toMatch(isPassing ? /^[1-9]\d*$/ : /^$/)
}
