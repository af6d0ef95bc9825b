import { describe, expect, test } from 'vitest'
import { type DocumentedRoute, documentedRoutes } from '../../src/http/openapi'
import { grantRoles } from '../platform/administrators'
import { createClient, refusal, type Sent } from '../platform/client'
import { loggedEvents } from '../platform/logs'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { routes as allRoutes } from '../platform/routes'

// Bodies against every route that may be given one, as the router has them.

const client = createClient()
const json = { 'Content-Type': 'application/json' }

// Those that take a form are asked by forms, in test/auth/tokens-of-others.test.ts.
const written = documentedRoutes(allRoutes).filter(
  ({ method, inputs }) => method !== 'GET' && !inputs.some(({ target }) => target === 'form'),
)
const read = written.filter(({ inputs }) => inputs.some(({ target }) => target === 'json'))

const send = ({ method, path }: DocumentedRoute, sent: Sent) =>
  client.send(method, path.replace(/:\w+/g, 'some'), sent)

const WRONG_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonp',
  'application/problem+json',
  'text/json',
  'application/json, text/plain',
  'text/plain; application/json',
  '',
]

const NOT_UTF8 = {
  'Latin-1': bytes('{"name":"J\u00fcrgen"}'),
  'UTF-16': bytes('\u00fe\u00ff\0{\0}'),
  'a surrogate': bytes('{"name":"\u00ed\u00a0\u0080"}'),
  'an overlong letter': bytes('{"name":"\u00c1\u0081"}'),
  'a letter cut short': bytes('{"name":"\u00e2\u0082"}'),
}

const MALFORMED = [
  '{',
  '{"email":',
  'null,',
  "{'email':1}",
  '{"a":1}{"b":2}',
  '\0',
  '{"a":"\0"}',
  '{"a":NaN}',
  '{"a":1,}',
  '/**/{}',
  ' ',
  '\ufeff',
  '['.repeat(16_000),
  'email=a&password=b',
]

const NO_OBJECTS = ['null', 'true', '1e999', '"{}"', '[{}]', '['.repeat(8000) + ']'.repeat(8000)]

const NO_FIELDS = [
  '\ufeff{}',
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  '{"__proto__":"fields"}',
  `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`,
  `{${Array.from({ length: 1500 }, (_, index) => `"k${index}":0`)}}`,
]

test('the routes were found', () => {
  expect([written.length > 25, read.length > 15]).toEqual([true, true])
})

describe.each(written)('$method $path, before it asks who calls', (route) => {
  const refused = async (sent: Sent) => {
    const answer = await send(route, sent)
    expect(answer.cost).toEqual({ d1: 0, statements: 0, kvReads: 0, kvWrites: 0, derivations: 0 })
    return refusal(answer)
  }

  test('a body that is not said to be JSON is 415', async () => {
    for (const type of WRONG_TYPES) {
      const headers: Record<string, string> = type ? { 'Content-Type': type } : {}
      const sent = { rawBody: '{}', headers }
      expect(await refused(sent), type).toBe('415 unsupported_media_type')
    }
  })

  test('a body of more than 16 KiB is 413, declared or not', async () => {
    for (const size of [16 * 1024 + 1, 1024 * 1024]) {
      const rawBody = `"${'x'.repeat(size - 2)}"`
      for (const headers of [json, { ...json, 'Content-Length': `${size}` }, {}]) {
        expect(await refused({ rawBody, headers })).toBe('413 payload_too_large')
      }
    }
  })

  test('a body that is not UTF-8 is malformed, whatever charset it is said to be in', async () => {
    for (const [name, rawBody] of Object.entries(NOT_UTF8)) {
      for (const charset of ['', '; charset=utf-8', '; charset=iso-8859-1', '; charset=utf-16']) {
        const headers = { 'Content-Type': `application/json${charset}` }
        expect(await refused({ rawBody, headers }), name).toBe('400 malformed_json')
      }
    }
  })
})

test('a body that is cut off is a refusal, declared or not, and no fault', async () => {
  for (const route of written) {
    for (const headers of [json, { ...json, 'Content-Length': '500' }]) {
      const answer = await send(route, { rawBody: cutOff('{"email":"some'), headers })
      expect(refusal(answer), `${route.method} ${route.path}`).toBe('400 malformed_json')
    }
  }
  const form = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': '500' }
  for (const path of ['/login', '/auth/introspect']) {
    const headers = { ...form, Origin: 'http://127.0.0.1:8787' }
    const answer = await client.post(path, { rawBody: cutOff('email=some'), headers })
    expect(answer.status, path).toBe(400)
  }
  expect(loggedEvents().filter(({ level }) => level === 'ERROR')).toEqual([])
})

describe.each(read)('$method $path', (route) => {
  /** As an admin, so that what is refused is refused for its body. */
  const senderOf = async () => {
    const { session, userId } = await signUpPerson(client)
    await grantRoles(userId, 'admin')
    const token = session.access_token
    return (rawBody: string) => send(route, { token, rawBody, headers: json })
  }

  test('what is no JSON is malformed, and where is not told', async () => {
    const sendBody = await senderOf()
    for (const rawBody of MALFORMED) {
      const answer = await sendBody(rawBody)
      expect(refusal(answer), rawBody.slice(0, 20)).toBe('400 malformed_json')
      expect(answer.body).not.toHaveProperty('errors')
    }
  })

  test('JSON that is no object is invalid', async () => {
    const sendBody = await senderOf()
    for (const rawBody of NO_OBJECTS) {
      expect(refusal(await sendBody(rawBody)), rawBody.slice(0, 20)).toBe('400 validation_failed')
    }
  })

  test('what is nobody’s field is passed over or refused, and changes nothing else', async () => {
    const bare = await (await senderOf())('{}')
    for (const rawBody of NO_FIELDS) {
      const fields = JSON.stringify(fieldsOf(route))
      const answer = await (await senderOf())(rawBody.replace('"fields"', () => fields))
      if (answer.status !== bare.status) expect(refusal(answer)).toBe('400 validation_failed')
      expect(Object.keys(Object.prototype)).toEqual([])
      expect({}).not.toHaveProperty('polluted')
    }
  })
})

test('passwords that differ only in bytes that are not UTF-8 are no passwords', async () => {
  const email = newEmail()
  const body = (letter: string) => bytes(`{"email":"${email}","password":"${letter} in Latin-1"}`)
  for (const path of ['/auth/signup', '/auth/login']) {
    for (const letter of ['\u00e4', '\u00fc']) {
      const answer = await client.post(path, { rawBody: body(letter), headers: json })
      expect(refusal(answer)).toBe('400 malformed_json')
    }
  }
})

test('of a key given twice the last counts', async () => {
  const { email } = await signUpPerson(client)
  const rawBody = `{"email":"nobody@example.com","password":"${PASSWORD}","email":"${email}"}`
  expect((await client.post('/auth/login', { rawBody, headers: json })).status).toBe(200)
})

test('JSON with a charset is taken', async () => {
  const { email } = await signUpPerson(client)
  const rawBody = JSON.stringify({ email, password: PASSWORD })
  for (const type of ['Application/JSON; charset=utf-8', 'application/json ;charset="UTF-8"']) {
    const headers = { 'Content-Type': type }
    expect((await client.post('/auth/login', { rawBody, headers })).status).toBe(200)
  }
})

test('an empty body is an empty object, with or without a type', async () => {
  for (const headers of [{}, json, { 'Content-Type': 'text/plain' }]) {
    const answer = await client.post('/auth/login', { rawBody: '', headers })
    expect(refusal(answer)).toBe('400 validation_failed')
  }
})

test('the body of a GET is not looked at, whatever it is and however large', async () => {
  for (const rawBody of ['hello', 'x'.repeat(1024 * 1024)]) {
    for (const method of ['GET', 'HEAD']) {
      expect((await client.send(method, '/health', { rawBody })).status).toBe(200)
    }
  }
})

/** One byte a character. */
/** As it arrives from a client that hangs up. */
function cutOff(beginning: string): ReadableStream {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(beginning)),
    pull: (controller) => controller.error(new Error('Network connection lost.')),
  })
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

function fieldsOf({ inputs }: DocumentedRoute) {
  const { schema } = inputs.find(({ target }) => target === 'json') ?? {}
  const names = schema && 'shape' in schema ? Object.keys(Object(schema.shape)) : []
  return Object.fromEntries(
    names.map((name) => [name, name.endsWith('email') ? newEmail() : PASSWORD]),
  )
}
