import { describe, expect, test } from 'vitest'
import { app } from '../../src/http/app'
import { documentedRoutes, openApiDocument } from '../../src/http/openapi'
import { isPagePath } from '../../src/http/page-routes'
import { createClient } from '../platform/client'

// Pages are for people, and in no document.
const routes = app.routes.filter(({ method, path }) => method !== 'ALL' && !isPagePath(path))
const documented = documentedRoutes(app.routes)

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
    '/auth/change-email',
    '/auth/change-email/confirm',
    '/auth/change-email/undo',
    '/auth/change-password',
    '/auth/forgot-password',
    '/auth/login',
    '/auth/logout',
    '/auth/me',
    '/auth/me/export',
    '/auth/refresh',
    '/auth/reset-password',
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

describe('the document', () => {
  const document = openApiDocument(app.routes, { title: 't', version: '1', description: 'd' })
  const text = JSON.stringify(document)

  test('refers only to what it holds', () => {
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)]
    expect(references.length).toBeGreaterThan(10)
    for (const [, name = ''] of references) expect(document.components.schemas).toHaveProperty(name)
    expect(text).not.toContain('$defs')
  })

  test('says what goes in, what comes out and who may', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.components.schemas['SignUpInput']).toMatchObject({
      type: 'object',
      required: ['email', 'password'],
    })
    expect(document.paths['/auth/me']?.['get']).toMatchObject({
      security: [{ bearer: [] }],
      responses: {
        200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/User' } } } },
        401: { content: { 'application/problem+json': {} } },
        503: {},
      },
    })
    expect(document.paths['/auth/login']?.['post']).toMatchObject({ security: [] })
  })
})
