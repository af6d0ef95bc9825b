import { describe, expect, test } from 'vitest'
import { documentedRoutes } from '../../src/http/openapi'
import { signUpHolder } from '../platform/administrators'
import { createClient, refusal, sessionOf } from '../platform/client'
import { listed, PASSWORD, signUpPerson } from '../platform/people'
import { routes as allRoutes } from '../platform/routes'
import { expectGuarded } from './guarded'

// SECURITY.md H5 and H7: parameters and headers given twice, misspelt, or invented.

const client = createClient()
const listing = documentedRoutes(allRoutes).filter(({ inputs }) =>
  inputs.some(({ target }) => target === 'query'),
)

test.each(listing)(
  '$method $path takes each once, and none that it does not know',
  async ({ path }) => {
    const { token } = await signUpHolder('admin')
    for (const query of [
      'limit=1&limit=1',
      'limit=1&%6cimit=1',
      'cursor=a&cursor=b',
      'limit[]=1',
      'limit=',
      'limit=1%00',
      'limit=%EF%BC%91',
      'limit=1e1',
      'limit=0x1',
      'limit=-1',
      'limit=Infinity',
      'LIMIT=1',
      'unknown=1',
      '__proto__=1',
      '__proto__[limit]=1',
      'constructor=1',
      'toString=1',
      `cursor=${'A'.repeat(1025)}`,
      `unknown=${'A'.repeat(100_000)}`,
      Array.from({ length: 2000 }, (_, index) => `p${index}=1`).join('&'),
    ]) {
      const answer = await client.get(`${path}?${query}`, { token })
      expectGuarded(answer)
      expect(refusal(answer), query.slice(0, 70)).toBe('400 validation_failed')
      expect(answer.cost.d1).toBe(0)
    }
    expect({}).not.toHaveProperty('limit')
  },
)

describe('headers', () => {
  const INVENTED = {
    'X-Forwarded-For': '203.0.113.9',
    'X-Real-IP': '203.0.113.9',
    'True-Client-IP': '203.0.113.9',
    Forwarded: 'for=203.0.113.9',
    'X-Client-IP': '203.0.113.9',
    'CF-Connecting-IPv6': '2001:db8::9',
    'X-Forwarded-Host': 'evil.example',
    'X-Original-URL': '/admin/users',
    'X-Rewrite-URL': '/admin/users',
    'X-HTTP-Method-Override': 'DELETE',
  }

  test('that a client invents move neither its address nor the request', async () => {
    const person = await signUpPerson(client)
    const body = { email: person.email, password: PASSWORD }
    const by = createClient({ ip: '198.51.100.7' })
    const session = sessionOf(await by.post('/auth/login', { body, headers: INVENTED }))
    const sessions = await listed(session.access_token)
    expect(sessions.find(({ current }) => current)).toMatchObject({ ip: '198.51.100.7' })
    const answer = await client.get('/auth/me', { token: session.access_token, headers: INVENTED })
    expect(answer.body).toMatchObject({ email: person.email })
  })

  test('that are hostile are left alone', async () => {
    for (const [name, value] of [
      ['Cookie', '__Host-refresh_token=%zz; __proto__=1; =; ;;'],
      ['Cookie', 'a=b; '.repeat(5000)],
      ['Accept', 'text/html'],
      ['Accept-Encoding', 'x'.repeat(10_000)],
      ['Content-Encoding', 'gzip'],
      ['Origin', 'https://evil.example, https://app.example.com'],
      ['User-Agent', 'x'.repeat(20_000)],
      ['CF-Connecting-IP', '][, 1.2.3.4'],
      ['X-Request-Id', 'a, b'],
      ['Authorization', 'Bearer '.repeat(5000)],
      ['Range', 'bytes=0-1'],
      ['If-None-Match', '*'],
      ['Expect', '200-ok'],
      ['Upgrade', 'h2c'],
    ] as const) {
      const { email } = await signUpPerson(client)
      const sent = { body: { email, password: PASSWORD }, headers: { [name]: value } }
      const answer = await client.post('/auth/login', sent)
      expectGuarded(answer)
      expect(answer.status, name).toBe(200)
      expect(answer.headers.get('Set-Cookie')).toBeNull()
    }
  })
})
