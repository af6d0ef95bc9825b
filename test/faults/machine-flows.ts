import { signUpHolder } from '../platform/administrators'
import { newKey, withKey } from '../platform/api-keys'
import { createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { PASSWORD, signUpPerson } from '../platform/people'
import type { Call, Flow } from './flow'

// What machines ask, and what is asked about them.

const client = createClient()

async function as(method: string, path: string, body?: unknown): Promise<Call> {
  const { session } = await signUpPerson(client)
  return { method, path, token: session.access_token, body }
}

const LASTING = { AUTH_ACCESS_TTL: '3600' }

async function longAfter(more: object): Promise<Call> {
  const { session } = await signUpPerson(createClient({ vars: LASTING }))
  advanceSeconds(301)
  const body = { name: 'Report', ...more }
  return { method: 'POST', path: '/auth/api-keys', token: session.access_token, body }
}

/** By a resource server's key, about a token that somebody else was given. */
async function about(path: string, which: 'access_token' | 'refresh_token' | 'key'): Promise<Call> {
  const { token } = await signUpHolder('admin')
  const { key } = await newKey(token, ['tokens:introspect', 'tokens:revoke'])
  const { session } = await signUpPerson(client)
  const presented = which === 'key' ? (await newKey(session.access_token)).key : session[which]
  return { method: 'POST', path, form: { token: presented }, ...withKey(key) }
}

/** By a key of an admin's. */
async function byKey(path: string): Promise<Call> {
  const { token } = await signUpHolder('admin')
  const { key } = await newKey(token, ['users:read'])
  return { method: 'GET', path, ...withKey(key) }
}

export const MACHINE_FLOWS: readonly Flow[] = [
  {
    // Again, it makes another: the one whose answer was lost shows in the list, to be revoked.
    operation: 'createApiKey',
    prepare: () => as('POST', '/auth/api-keys', { name: 'Report', permissions: [] }),
    records: ['api_key_created'],
  },
  {
    operation: 'createApiKey',
    name: 'long after the login, with the password',
    vars: LASTING,
    prepare: () => longAfter({ password: PASSWORD }),
    records: ['api_key_created'],
  },
  {
    operation: 'createApiKey',
    name: 'long after the login',
    answer: '401 insufficient_user_authentication',
    vars: LASTING,
    prepare: () => longAfter({}),
  },
  { operation: 'listApiKeys', prepare: () => as('GET', '/auth/api-keys') },
  {
    operation: 'revokeApiKey',
    again: '404 api_key_not_found',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      const token = session.access_token
      const { id } = await newKey(token)
      return { method: 'DELETE', path: `/auth/api-keys/${id}`, token }
    },
    records: ['api_key_revoked'],
  },
  {
    operation: 'introspectToken',
    name: 'an access token',
    prepare: () => about('/auth/introspect', 'access_token'),
  },
  {
    operation: 'introspectToken',
    name: 'a refresh token',
    prepare: () => about('/auth/introspect', 'refresh_token'),
  },
  {
    operation: 'introspectToken',
    name: 'a key',
    prepare: () => about('/auth/introspect', 'key'),
  },
  {
    operation: 'revokeToken',
    name: 'an access token',
    prepare: () => about('/auth/revoke', 'access_token'),
    records: ['token_revoked'],
  },
  {
    operation: 'revokeToken',
    name: 'a key',
    prepare: () => about('/auth/revoke', 'key'),
    records: ['token_revoked'],
  },
  { operation: 'getAccount', name: 'by a key', prepare: () => byKey('/auth/me') },
  { operation: 'verifyAccessToken', name: 'by a key', prepare: () => byKey('/auth/verify') },
  { operation: 'listUsers', name: 'by a key', prepare: () => byKey('/admin/users') },
  {
    operation: 'getKeySet',
    prepare: async () => ({ method: 'GET', path: '/.well-known/jwks.json' }),
  },
  {
    operation: 'getIssuerMetadata',
    prepare: async () => ({ method: 'GET', path: '/.well-known/oauth-authorization-server' }),
  },
]
