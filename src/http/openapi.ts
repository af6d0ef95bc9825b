import { zValidator } from '@hono/zod-validator'
import type { MiddlewareHandler, ValidationTargets } from 'hono'
import type { RouterRoute } from 'hono/types'
import type * as z from 'zod'
import { AuthError } from '../auth/errors'
import type { AppEnv } from './factory'
import { type Answers, describeProblems, describeResponses, HEADERS } from './openapi-answers'
import { type Components, formContent, jsonContent, jsonSchemaOf } from './openapi-schemas'
import type { ProblemCode } from './problems'

// The document is read off the router: the schema that is documented is the one that validates.

/** What the operations are grouped under, in this order. */
const TAGS = {
  Authentication: 'Sign up, log in, stay logged in, log out, and verify an access token.',
  Account: 'What the signed-in user sees and changes of their own account.',
  Passwords: 'Change the password, or choose another by a mailed link.',
  Emails: 'Verify the email address, change it, and undo a change.',
  Sessions: 'Where the signed-in user is logged in.',
  'API keys': 'Keys by which machines act for the signed-in user.',
  'Administration: users': 'Accounts, their roles, and invitations to make one.',
  'Administration: roles': 'Roles and the permissions that they give.',
  'Administration: audit': 'What happened, when, and by whom.',
  'For other services': 'How they verify the access tokens by themselves.',
  Health: 'For load balancers and monitoring.',
}

// Any route can meet these, whatever it does.
export const EVERYWHERE: readonly ProblemCode[] = [
  'rate_limited',
  'internal_error',
  'configuration_invalid',
]

export interface Operation extends Answers {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tag: keyof typeof TAGS
  /** Whether an access token is taken, and an API key in its place. */
  readonly bearer?: 'required' | 'optional' | 'or_api_key'
}

interface Input {
  readonly target: keyof ValidationTargets
  readonly schema: z.ZodType
}

const inputs = new WeakMap<object, Input>()
const operations = new WeakMap<object, Operation>()
const permissions = new WeakMap<object, string>()

/** zValidator that refuses with our own envelope, and remembers its schema for the document. */
export function valid<Target extends 'json' | 'form' | 'query' | 'param', Schema extends z.ZodType>(
  target: Target,
  schema: Schema,
) {
  const validator = zValidator(target, schema, (result) => {
    if (result.success) return
    const errors = result.error.issues.map(({ path, message }) => ({
      path: path.join('.'),
      message,
    }))
    throw new AuthError('validation_failed', { errors })
  })
  inputs.set(validator, { target, schema })
  return validator
}

/** Says in prose what the route does; stands first among its handlers and does nothing. */
export function operation(description: Operation): MiddlewareHandler<AppEnv> {
  const handler: MiddlewareHandler<AppEnv> = (_c, next) => next()
  operations.set(handler, description)
  return handler
}

/** Remembers, for the document, which permission the handler asks for. */
export function asksFor<Handler extends object>(permission: string, handler: Handler): Handler {
  permissions.set(handler, permission)
  return handler
}

export interface DocumentedRoute {
  readonly method: string
  readonly path: string
  readonly operation: Operation
  readonly inputs: readonly Input[]
  readonly permission: string | undefined
}

/** The routes that have an operation, each with what its validators take. */
export function documentedRoutes(routes: readonly RouterRoute[]): readonly DocumentedRoute[] {
  return routes.flatMap(({ method, path, handler }) => {
    const operation = operations.get(handler)
    if (!operation) return []
    const own = routes.filter((route) => route.method === method && route.path === path)
    return {
      method,
      path,
      operation,
      inputs: own.flatMap((route) => inputs.get(route.handler) ?? []),
      permission: own.flatMap((route) => permissions.get(route.handler) ?? [])[0],
    }
  })
}

/** The OpenAPI 3.1 document. */
export function openApiDocument(
  routes: readonly RouterRoute[],
  info: { title: string; version: string; description: string },
) {
  const components: Components = { schemas: {}, responses: {}, examples: {} }
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of documentedRoutes(routes)) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describe(route, components) }
  }
  return {
    openapi: '3.1.0',
    info: { ...info, license: { name: 'MIT', identifier: 'MIT' } },
    // Relative to where the document is: right for every deployment.
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: { ...components, headers: HEADERS, securitySchemes: SECURITY_SCHEMES },
  }
}

const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The access token of a session.',
  },
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'An API key of a user; `Authorization: Bearer ghk_…` is the same.',
  },
  refreshCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-refresh_token',
    description:
      'The refresh token of a session that asked for `"transport": "cookie"`. Browsers send it by themselves.',
  },
}

function describe(route: DocumentedRoute, components: Components) {
  const { operation, inputs, permission } = route
  const body = inputs.find(({ target }) => target === 'json' || target === 'form')
  const description = [
    ...(operation.description ? [operation.description] : []),
    ...(permission ? [`Needs the permission \`${permission}\`.`] : []),
  ].join(' ')
  return {
    operationId: operation.operationId,
    summary: operation.summary,
    ...(description && { description }),
    tags: [operation.tag],
    security: describeSecurity(route),
    parameters: [...parameters(inputs, 'param'), ...parameters(inputs, 'query')],
    ...(body && {
      requestBody: {
        required: !body.schema.safeParse({}).success,
        content:
          body.target === 'form'
            ? formContent(body.schema, components)
            : jsonContent(body.schema, 'input', components),
      },
    }),
    responses: {
      ...describeResponses(operation, components),
      ...describeProblems([...operation.problems, ...EVERYWHERE], components),
    },
  }
}

function describeSecurity({ operation: { bearer, cookie }, permission }: DocumentedRoute) {
  const bearerOnly = { bearer: permission ? [permission] : [] }
  if (permission || bearer === 'or_api_key') return [bearerOnly, { apiKey: [] }]
  if (bearer === 'required') return [bearerOnly]
  const alternatives = [
    ...(bearer ? [bearerOnly] : []),
    ...(cookie === 'taken' ? [{ refreshCookie: [] }] : []),
  ]
  return alternatives.length > 0 ? [...alternatives, {}] : []
}

function parameters(inputs: readonly Input[], target: 'param' | 'query') {
  const input = inputs.find((candidate) => candidate.target === target)
  if (!input) return []
  const { properties = {}, required = [] } = jsonSchemaOf(input.schema, 'input')
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = typeof property === 'object' ? property : {}
    return {
      name,
      in: target === 'param' ? 'path' : 'query',
      ...(description && { description }),
      required: required.includes(name),
      schema,
    }
  })
}
