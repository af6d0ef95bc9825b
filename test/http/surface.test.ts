import { describe, expect, test } from 'vitest'
import { administration } from '../../src/http/administration-app'
import { app } from '../../src/http/app'
import { createClient, refusal } from '../platform/client'
import { loggedEvents, loggedText } from '../platform/logs'
import { routes as allRoutes } from '../platform/routes'

const client = createClient()

describe('the request id', () => {
  const ask = (id: string, path = '/health') =>
    client.get(path, { headers: { 'X-Request-Id': id } })

  test('is our own, whatever the client says', async () => {
    const ids = new Set<string | null>()
    const given = ['trace-42_A', 'trace-42_A', 'a b', '<script>', 'x'.repeat(65), '"}{"', '']
    for (const id of given) ids.add((await ask(id)).headers.get('X-Request-Id'))
    expect(ids.size).toBe(given.length)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('is in the error and in the log, there beside what the client calls it', async () => {
    const answer = await ask('trace-43', '/nowhere')
    const id = answer.headers.get('X-Request-Id')
    expect(answer.body).toMatchObject({ request_id: id })
    expect(loggedText()).toContain(`"request_id":"${id}"`)
    expect(loggedText()).toContain('"client_request_id":"trace-43"')
  })

  test('of the client is kept where it is plain, and of 64 characters at most', async () => {
    const kept = async (id: string) => {
      const before = loggedEvents('request').length
      await ask(id)
      return loggedEvents('request')[before]?.['client_request_id']
    }
    const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    for (const plain of [trace, 'x'.repeat(64), 'Root=1-67891233:a/b+c']) {
      expect(await kept(plain)).toBe(plain)
    }
    for (const bad of ['a b', '<script>', 'x'.repeat(65), '"}{"', 'a,b', 'ä']) {
      expect(await kept(bad), bad).toBeUndefined()
    }
  })
})

test('routes are found by the fast router: a name beside a parameter would make it another', () => {
  for (const each of [app, administration]) {
    each.router.match('GET', '/health')
    expect(each.router.name).toBe('SmartRouter + RegExpRouter')
  }
})

describe('CORS', () => {
  const vars = { FRONTEND_URL: 'https://app.example.com,http://localhost:3000' }
  const configured = createClient({ vars })
  const allowed = async (origin: string) =>
    (await configured.get('/health', { headers: { Origin: origin } })).headers

  test('is for exactly the origins of FRONTEND_URL, with credentials', async () => {
    for (const origin of ['https://app.example.com', 'http://localhost:3000']) {
      const headers = await allowed(origin)
      expect(headers.get('Access-Control-Allow-Origin')).toBe(origin)
      expect(headers.get('Access-Control-Allow-Credentials')).toBe('true')
      expect(headers.get('Vary')).toContain('Origin')
      expect(headers.get('Access-Control-Expose-Headers')).toBe(
        'X-Request-Id,Retry-After,WWW-Authenticate',
      )
    }
  })

  test.each([
    'https://evil.example',
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'null',
    'https://APP.example.com.',
  ])('is not for %s', async (origin) => {
    const headers = await allowed(origin)
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
    expect(headers.get('Vary')).toBe('Origin')
  })

  test('what answers nobody’s script still differs by origin, for caches', async () => {
    expect((await configured.get('/.well-known/jwks.json')).headers.get('Vary')).toBe('Origin')
  })

  test('a preflight is answered', async () => {
    const headers = {
      Origin: 'https://app.example.com',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type',
    }
    const answer = await configured.send('OPTIONS', '/auth/login', { headers })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('Access-Control-Allow-Headers')).toContain('Authorization')
    const methods = new Set(allRoutes.map(({ method }) => method).filter((name) => name !== 'ALL'))
    expect(answer.headers.get('Access-Control-Allow-Methods')?.split(',').toSorted()).toEqual(
      [...methods, 'HEAD'].toSorted(),
    )
  })
})

describe('health', () => {
  test('says where it runs', async () => {
    expect((await client.get('/health')).body).toEqual({
      status: 'healthy',
      environment: 'development',
    })
  })

  test('ready asks D1 and KV', async () => {
    const answer = await client.get('/health/ready')
    expect(answer.status).toBe(200)
    expect(answer.cost).toMatchObject({ d1: 1, kvReads: 1 })
  })

  test('ready is 503 when either is away', async () => {
    for (const store of ['d1', 'kv']) {
      const down = createClient({
        interfere: (call, proceed) => {
          if (call.store === store) throw new Error('D1_ERROR: D1 DB is overloaded')
          return proceed()
        },
      })
      expect(refusal(await down.get('/health/ready')), store).toBe('503 service_unavailable')
      expect((await down.get('/health')).status).toBe(200)
    }
  })
})
