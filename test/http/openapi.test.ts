import { describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { version } from '../../package.json'
import { EXAMPLES } from '../../src/http/examples'
import { documentedRoutes } from '../../src/http/openapi'
import { openApiDocument } from '../../src/http/openapi-document'
import { isPagePath } from '../../src/http/page-routes'
import { createClient } from '../platform/client'
import { routes as allRoutes } from '../platform/routes'

// Pages are for people, and in no document.
const routes = allRoutes.filter(({ method, path }) => method !== 'ALL' && !isPagePath(path))
const documented = documentedRoutes(allRoutes)

test('every route has an operation, under an id of its own', () => {
  const undocumented = routes
    .map(({ method, path }) => `${method} ${path}`)
    .filter((name) => !documented.some(({ method, path }) => `${method} ${path}` === name))
  expect([...new Set(undocumented)]).toEqual([
    'GET /.well-known/change-password',
    'GET /openapi.json',
  ])
  const ids = documented.map(({ operation }) => operation.operationId)
  expect(new Set(ids).size).toBe(ids.length)
})

test('an operation is listed once, under its canonical name', async () => {
  const { body } = await createClient().get('/openapi.json')
  expect(Object.keys((body as { paths: object }).paths).toSorted()).toEqual([
    '/.well-known/jwks.json',
    '/.well-known/oauth-authorization-server',
    '/admin/audit-events',
    '/admin/invitations',
    '/admin/permissions',
    '/admin/permissions/{id}',
    '/admin/roles',
    '/admin/roles/{id}',
    '/admin/roles/{id}/permissions',
    '/admin/users',
    '/admin/users/{id}',
    '/admin/users/{id}/disable',
    '/admin/users/{id}/enable',
    '/admin/users/{id}/force-password-reset',
    '/admin/users/{id}/roles',
    '/admin/users/{id}/sessions',
    '/auth/api-keys',
    '/auth/api-keys/{id}',
    '/auth/change-email',
    '/auth/change-email/confirm',
    '/auth/change-email/undo',
    '/auth/change-password',
    '/auth/forgot-password',
    '/auth/introspect',
    '/auth/login',
    '/auth/logout',
    '/auth/me',
    '/auth/me/export',
    '/auth/refresh',
    '/auth/reset-password',
    '/auth/revoke',
    '/auth/sessions',
    '/auth/sessions/{id}',
    '/auth/signup',
    '/auth/verify',
    '/auth/verify-email',
    '/auth/verify-email/resend',
    '/health',
    '/health/ready',
  ])
})

test('docs/openapi.json is what the Worker serves; `npm run openapi` renews it', async () => {
  const { body } = await createClient().get('/openapi.json')
  await expect(`${JSON.stringify(body, null, 2)}\n`).toMatchFileSnapshot('../../docs/openapi.json')
  expect(body).toMatchObject({ info: { version } })
})

describe('the document', () => {
  const document = openApiDocument(allRoutes)
  const text = JSON.stringify(document)
  const { schemas, responses } = document.components

  test('refers only to what it holds', () => {
    const references = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)]
    expect(references.length).toBeGreaterThan(100)
    const held: Record<string, object> = document.components
    for (const [, kind = '', name = ''] of references) {
      expect(Object.keys(held[kind] ?? {})).toContain(name)
    }
    expect(text).not.toContain('$defs')
  })

  test('says what goes in, what comes out and who may', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(schemas['SignUpInput']).toMatchObject({
      type: 'object',
      required: ['email', 'password'],
    })
    expect(document.paths['/auth/me']?.['get']).toMatchObject({
      security: [{ bearer: [] }, { apiKey: [] }],
      responses: {
        200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/User' } } } },
        401: { $ref: '#/components/responses/invalid_api_key.invalid_token.missing_token' },
        503: {},
      },
    })
    expect(document.paths['/auth/login']?.['post']).toMatchObject({
      security: [],
      responses: { 200: { headers: { 'Set-Cookie': {} } } },
    })
    expect(document.paths['/auth/refresh']?.['post']).toMatchObject({
      security: [{ refreshCookie: [] }, {}],
    })
    expect(document.paths['/auth/logout']?.['post']).toMatchObject({
      security: [{ bearer: [] }, { refreshCookie: [] }, {}],
    })
    expect(responses['invalid_token.missing_token']).toMatchObject({
      headers: { 'WWW-Authenticate': {}, 'X-Request-Id': {} },
      content: { 'application/problem+json': { examples: { missing_token: {} } } },
    })
    expect(responses['rate_limited']).toMatchObject({ headers: { 'Retry-After': {} } })
  })

  test('names the permission of every route under /admin, and of no other', () => {
    for (const { path, operation, permission } of documented) {
      const isAdministration = /^\/admin\/|^\/auth\/(?:introspect|revoke)$/.test(path)
      expect(permission !== undefined, operation.operationId).toBe(isAdministration)
    }
    expect(document.paths['/admin/users']?.['get']).toMatchObject({
      description: 'Needs the permission `users:read`.',
      security: [{ bearer: ['users:read'] }, { apiKey: [] }],
    })
  })

  test('has an example of every schema, which that schema takes', () => {
    expect(Object.keys(EXAMPLES).toSorted()).toEqual(
      Object.keys(schemas)
        .filter((name) => name !== 'Problem')
        .toSorted(),
    )
    const bodies = documented.flatMap(({ inputs }) => inputs.filter((i) => i.target === 'json'))
    for (const { schema } of bodies) schema.parse(exampleOf(schema))
    const answers = documented.flatMap(({ operation }) => Object.values(operation.responses))
    for (const schema of answers.flatMap((answer) => alternatives(answer.schema()))) {
      expect(schema.parse(exampleOf(schema))).toEqual(exampleOf(schema))
    }
  })

  test('shows nothing that looks like a secret', () => {
    expect(JSON.stringify(EXAMPLES)).not.toMatch(/eyJ[\w-]*\.|[\w+/-]{44}/)
  })
})

const exampleOf = (schema: z.ZodMiniType) => EXAMPLES[z.globalRegistry.get(schema)?.id ?? '']

const alternatives = (schema: z.ZodMiniType) =>
  schema instanceof z.ZodMiniUnion
    ? schema.def.options.map((option) => z.custom<z.ZodMiniType>().parse(option))
    : [schema]
