import { describe, expect, test } from 'vitest'
import { documentedRoutes } from '../../src/http/openapi'
import { PROBLEMS } from '../../src/http/problems'
import { signUpHolder } from '../platform/administrators'
import { failAll } from '../platform/bindings'
import { type Answer, createClient, refusal, type Sent } from '../platform/client'
import { heldBack } from '../platform/held-body'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { routes as allRoutes } from '../platform/routes'
import { expectGuarded } from './guarded'

// SECURITY.md H1 to H6, on every route that the router has and every status that a problem has.

const client = createClient()
const routes = [
  ...documentedRoutes(allRoutes).map(({ method, path }) => ({ method, path })),
  { method: 'GET', path: '/openapi.json' },
]

const FRONTEND = 'https://app.example.com'
const FULL = { limit: async () => ({ success: false }) }
const frontend = createClient({ vars: { FRONTEND_URL: FRONTEND } })
const CLIENTS = {
  ordinary: client,
  'over the limit': createClient({
    vars: {
      RATE_LIMIT: 'on',
      RATE_LIMIT_CREDENTIALS: FULL,
      RATE_LIMIT_REFRESH: FULL,
      RATE_LIMIT_MAIL: FULL,
      RATE_LIMIT_ALL: FULL,
      FRONTEND_URL: FRONTEND,
    },
  }),
  'of a service that is not configured': createClient({ vars: { AUTH_SECRETS: '' } }),
  'of a service with a fault': createClient({
    interfere: failAll('d1', 'D1_ERROR: no such table: users at offset 7'),
    vars: { FRONTEND_URL: FRONTEND },
  }),
  'of a service without its stores': createClient({
    interfere: () => {
      throw new Error('D1_ERROR: D1 DB is overloaded')
    },
    vars: { FRONTEND_URL: FRONTEND },
  }),
}

describe.each(routes)('$method $path', ({ method, path: pattern }) => {
  const path = pattern.replace(/:\w+/g, 'some')

  test('every answer is guarded, and says nothing of what is behind it', async () => {
    const { token } = await signUpHolder('admin')
    const json = { 'Content-Type': 'application/json' }
    for (const by of Object.values(CLIENTS)) {
      for (const sent of [{}, { token: 'garbage' }, { token, rawBody: '{}', headers: json }]) {
        const answer = await by.send(method, path, sent)
        expectGuarded(answer, path)
        expect(JSON.stringify(answer.body)).not.toMatch(/no such table|overloaded|D1|SQL|\.ts\b/)
      }
    }
  })

  test('any other method is 405, and Allow names those that there are', async () => {
    const allowed = routes
      .filter((other) => new RegExp(`^${other.path.replace(/:\w+/g, '[^/]+')}$`).test(path))
      .flatMap((other) => (other.method === 'GET' ? ['GET', 'HEAD'] : [other.method]))
    for (const other of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'PROPFIND']) {
      if (allowed.includes(other)) continue
      const answer = await client.send(other, path)
      expectGuarded(answer)
      expect(answer.status).toBe(405)
      if (other !== 'HEAD') expect(refusal(answer)).toBe('405 method_not_allowed')
      expect(answer.headers.get('Allow')?.split(', ').toSorted()).toEqual(allowed.toSorted())
      expect(answer.cost).toMatchObject({ d1: 0, kvReads: 0, kvWrites: 0 })
    }
  })

  test('OPTIONS tells a script of nobody’s nothing', async () => {
    for (const origin of ['https://evil.example', 'null', '']) {
      const headers: Record<string, string> = origin ? { Origin: origin } : {}
      const answer = await frontend.send('OPTIONS', path, { headers })
      expectGuarded(answer)
      expect([answer.status, answer.body]).toEqual([204, ''])
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBeNull()
      expect(answer.headers.get('Vary')).toContain('Origin')
    }
  })

  if (method === 'GET') {
    test('HEAD is GET without a body', async () => {
      const { token } = await signUpHolder('admin')
      for (const sent of [{}, { token: 'garbage' }, { token }]) {
        const head = await client.send('HEAD', path, sent)
        const get = await client.get(path, sent)
        expectGuarded(head, path)
        expect([head.status, head.body]).toEqual([get.status, ''])
        expect(namesOf(head)).toEqual(namesOf(get))
      }
    })
  }
})

/** For each status that a problem has: a request that meets it, from a page that may read it. */
const PROVOKED: Record<number, (sent: Sent) => Promise<Answer>> = {
  400: (sent) => frontend.post('/auth/login', { ...sent, body: {} }),
  401: (sent) => frontend.get('/auth/me', sent),
  403: async (sent) => {
    const { session } = await signUpPerson(client)
    return frontend.get('/admin/users', { ...sent, token: session.access_token })
  },
  404: (sent) => frontend.get('/nowhere', sent),
  405: (sent) => frontend.get('/auth/login', sent),
  408: (sent) => {
    const headers = { ...sent.headers, 'Content-Type': 'application/json' }
    return frontend.post('/auth/login', { headers, rawBody: heldBack({}).body })
  },
  409: async (sent) => {
    const { email } = await signUpPerson(client)
    return frontend.post('/auth/signup', { ...sent, body: { email, password: PASSWORD } })
  },
  413: (sent) => frontend.post('/nowhere', { ...sent, rawBody: 'x'.repeat(20_000) }),
  415: (sent) => frontend.post('/auth/login', { ...sent, rawBody: 'x' }),
  429: (sent) => CLIENTS['over the limit'].get('/health', sent),
  500: (sent) => atLogin('of a service with a fault', sent),
  503: (sent) => atLogin('of a service without its stores', sent),
}

function atLogin(by: keyof typeof CLIENTS, sent: Sent): Promise<Answer> {
  return CLIENTS[by].post('/auth/login', { ...sent, body: { email: newEmail(), password: 'x' } })
}

describe('a status of problems', () => {
  test('is one of these', () => {
    const statuses = Object.values(PROBLEMS).map(({ status }) => status)
    expect(Object.keys(PROVOKED).map(Number)).toEqual([...new Set(statuses)].toSorted())
  })

  test.each(Object.entries(PROVOKED))('%s', async (status, provoke) => {
    const answer = await provoke({ headers: { Origin: FRONTEND } })
    expect(answer.status).toBe(Number(status))
    expectGuarded(answer)
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(FRONTEND)
    expect(answer.headers.get('Access-Control-Expose-Headers')).toContain('WWW-Authenticate')
    expect(answer.headers.get('Vary')).toContain('Origin')
    const elsewhere = await provoke({ headers: { Origin: 'https://evil.example' } })
    expect(elsewhere.headers.get('Access-Control-Allow-Origin')).toBeNull()
    expect(elsewhere.headers.get('Vary')).toContain('Origin')
  })

  test('401 always has a challenge', () => {
    for (const [code, problem] of Object.entries(PROBLEMS)) {
      const headers = 'headers' in problem ? problem.headers : {}
      if (problem.status === 401) expect(headers, code).toHaveProperty('WWW-Authenticate')
    }
  })
})

function namesOf({ headers }: Answer): readonly string[] {
  return [...headers.keys()].toSorted()
}
