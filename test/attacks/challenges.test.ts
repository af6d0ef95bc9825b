import { expect, test } from 'vitest'
import { documentedRoutes } from '../../src/http/openapi'
import { createClient, refusal } from '../platform/client'
import { signUpPerson } from '../platform/people'
import { routes as allRoutes } from '../platform/routes'

// SECURITY.md H1 and S10: RFC 6750 §3 on every route that takes an access token, as the router has them.

const client = createClient()
const guarded = documentedRoutes(allRoutes).filter(
  ({ operation: { bearer } }) => bearer === 'required' || bearer === 'no_api_key',
)

const none = ['401 missing_token', 'Bearer realm="gatehouse"']
const bad = ['401 invalid_token', 'Bearer realm="gatehouse", error="invalid_token"']
const twice = ['400 invalid_request', 'Bearer realm="gatehouse", error="invalid_request"']

/** What is sent by somebody who has a token, and what is answered: no `error` where none was given. */
const HEADERS: Record<string, [make: (token: string) => string, answer: readonly string[]]> = {
  'no header': [() => '', none],
  'no token': [() => 'Bearer', none],
  'another scheme': [() => 'Basic dXNlcjpwYXNz', none],
  'a token without its scheme': [(token) => token, none],
  'a token that goes on': [(token) => `Bearer ${token} x`, none],
  garbage: [() => 'Bearer garbage', bad],
  'a token in quotes': [(token) => `Bearer "${token}"`, bad],
  'two tokens': [(token) => `Bearer ${token}, Bearer ${token}`, twice],
  'another token before': [(token) => `Bearer x,Bearer ${token}`, twice],
  'another scheme before': [(token) => `Basic dXNlcjpwYXNz, Bearer ${token}`, twice],
}

test('the routes were found', () => {
  expect(guarded.length).toBeGreaterThan(25)
})

test.each(guarded)('$method $path takes a token in one place', async ({ method, path }) => {
  const { session } = await signUpPerson(client)
  const token = session.access_token
  const address = `${path.replace(/:\w+/g, 'some')}?access_token=${token}`
  for (const [name, [make, expected]] of Object.entries(HEADERS)) {
    const Authorization = make(token)
    const headers: Record<string, string> = Authorization ? { Authorization } : {}
    const answer = await client.send(method, address, { headers })
    const challenge = answer.headers.get('WWW-Authenticate')
    expect([refusal(answer), challenge], name).toEqual(expected)
    expect(answer.cost).toMatchObject({ d1: 0, kvReads: 0, kvWrites: 0, derivations: 0 })
  }
})
