import { describe, expect, test } from 'vitest'
import { documentedRoutes } from '../../src/http/openapi'
import { signUpHolder } from '../platform/administrators'
import { createClient, refusal } from '../platform/client'
import { loggedEvents } from '../platform/logs'
import { newEmail } from '../platform/people'
import { routes as allRoutes } from '../platform/routes'
import { expectGuarded } from './guarded'

// SECURITY.md H5: addresses that are not what they should be, in every way to write one.

const client = createClient()
const routes = documentedRoutes(allRoutes)

describe('an address that is not one of ours', () => {
  test.each([
    '/',
    '/nowhere',
    '/auth',
    '/auth/',
    '/auth/me/',
    '/auth//me',
    '//auth/me',
    '/auth/me//',
    '/AUTH/ME',
    '/auth/me;a=b',
    '/auth/me.json',
    '/auth/me%20',
    '/auth/me%00',
    '/auth/me%0a',
    '/auth/me%3F',
    '/auth%2Fme',
    '/auth/..%2Fauth/me',
    '/auth/%252e%252e/me',
    '/auth/*',
    '/auth/:id',
    '/auth/%',
    '/auth/%zz',
    '/auth/%ff%fe',
    '/auth/%c0%ae%c0%ae/me',
    '/auth/m\u0435',
    '/api',
    '/api/auth',
    '/api/authx/login',
    '/api/api/auth/me',
    '/v1',
    '/v1/login',
    '/v2/auth/me',
    '/admin',
    '/admin/users/some/roles/',
    '/__proto__',
    '/constructor',
    '/.env',
    '/.git/config',
  ])('%s is 404', (path) => expectNowhere(path))

  test.each([
    ['long', `/${'a'.repeat(100_000)}`],
    ['deep', `/auth/me${'/a'.repeat(5000)}`],
    ['above all', `/auth/me${'/..'.repeat(5000)}`],
  ])('a %s one is 404', (_name, path) => expectNowhere(path))

  async function expectNowhere(path: string) {
    const { token } = await signUpHolder('admin')
    for (const method of ['GET', 'POST', 'DELETE']) {
      const body = method !== 'GET' && { rawBody: 'x' }
      const answer = await client.send(method, path, { token, ...body })
      expectGuarded(answer)
      expect(refusal(answer)).toBe('404 not_found')
      expect(answer.cost).toMatchObject({ d1: 0, kvReads: 0, derivations: 0 })
    }
    for (const { route } of loggedEvents('request').slice(-3)) expect(route).toBe('/*')
  }
})

test.each([
  '/auth/login',
  '/auth/%6Cogin',
  '/%61uth/lo%67in',
  '/auth/./login',
  '/auth/me/../login',
  '/auth/me/%2e%2e/login',
  '/auth\\login',
  '/api/auth/signin',
  '/api/%61uth/%73ignin',
  '/auth/login?',
  '/auth/login#x',
])('%s is /auth/login, for its limit and its log too', async (path) => {
  const full = { limit: async () => ({ success: false }) }
  const vars = { RATE_LIMIT: 'on', RATE_LIMIT_CREDENTIALS: full }
  const answer = await client.post(path, { body: { email: newEmail(), password: 'x' } })
  expect(refusal(answer)).toBe('401 invalid_credentials')
  expect(loggedEvents('request').at(-1)).toMatchObject({ route: '/auth/login' })
  expect(refusal(await createClient({ vars }).post(path))).toBe('429 rate_limited')
  expect((await client.get(path)).headers.get('Allow')).toBe('POST')
})

describe('an id that is none', () => {
  const withId = routes.filter(({ path }) => path.includes(':id'))

  test.each(withId)('$method $path', async ({ method, path, inputs }) => {
    const needsBody = inputs.some(
      ({ target, schema }) => target === 'json' && !schema.safeParse({}).success,
    )
    const { token } = await signUpHolder('admin')
    for (const id of [
      '%00',
      '%0d%0aSet-Cookie:a=b',
      '%',
      '%zz',
      '%ff',
      '%ed%a0%80',
      '..%2f..',
      '%5c',
      "'%20or%201=1--",
      '__proto__',
      'constructor',
      '*',
      ':id',
      '%F0%9F%98%80',
      'x'.repeat(64),
      'x'.repeat(65),
      'x'.repeat(50_000),
    ]) {
      const answer = await client.send(method, path.replace(':id', id), { token })
      expectGuarded(answer)
      const isInvalid = needsBody || id.length > 64
      const expected = isInvalid ? /^400 validation_failed$/ : /^404 \w+_not_found$/
      expect(refusal(answer), id.slice(0, 70)).toMatch(expected)
    }
  })
})
