import { zValidator } from '@hono/zod-validator'
import type { MiddlewareHandler, ValidationTargets } from 'hono'
import type { RouterRoute } from 'hono/types'
import * as z from 'zod'
import { AuthError } from '../auth/errors'
import type { AppEnv } from './factory'
import { PROBLEMS, type ProblemCode } from './problems'
import { Problem } from './wire'

// The document is read off the router: the schema that is documented is the one that validates.

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tag: string
  /** Whether an access token is taken. */
  readonly bearer?: 'required' | 'optional'
  readonly responses: Readonly<Record<number, { description: string; schema: z.ZodType }>>
  readonly problems: readonly ProblemCode[]
}

interface Input {
  readonly target: keyof ValidationTargets
  readonly schema: z.ZodType
}

const SECURITY = { none: [], required: [{ bearer: [] }], optional: [{ bearer: [] }, {}] }

const inputs = new WeakMap<object, Input>()
const operations = new WeakMap<object, Operation>()

/** zValidator that refuses with our own envelope, and remembers its schema for the document. */
export function valid<Target extends 'json' | 'query' | 'param', Schema extends z.ZodType>(
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

export interface DocumentedRoute {
  readonly method: string
  readonly path: string
  readonly operation: Operation
  readonly inputs: readonly Input[]
}

/** The routes that have an operation, each with what its validators take. */
export function documentedRoutes(routes: readonly RouterRoute[]): readonly DocumentedRoute[] {
  return routes.flatMap(({ method, path, handler }) => {
    const operation = operations.get(handler)
    if (!operation) return []
    const ownInputs = routes
      .filter((route) => route.method === method && route.path === path)
      .flatMap((route) => inputs.get(route.handler) ?? [])
    return [{ method, path, operation, inputs: ownInputs }]
  })
}

/** The OpenAPI 3.1 document. */
export function openApiDocument(
  routes: readonly RouterRoute[],
  info: { title: string; version: string; description: string },
) {
  const schemas: Record<string, unknown> = {}
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of documentedRoutes(routes)) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describe(route, schemas) }
  }
  const securitySchemes = { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } }
  return { openapi: '3.1.0', info, paths, components: { schemas, securitySchemes } }
}

function describe({ operation, inputs }: DocumentedRoute, schemas: Record<string, unknown>) {
  const body = inputs.find(({ target }) => target === 'json')
  return {
    operationId: operation.operationId,
    summary: operation.summary,
    ...(operation.description && { description: operation.description }),
    tags: [operation.tag],
    security: SECURITY[operation.bearer ?? 'none'],
    parameters: [...parameters(inputs, 'param'), ...parameters(inputs, 'query')],
    ...(body && {
      requestBody: {
        required: !body.schema.safeParse({}).success,
        content: jsonContent(body.schema, 'input', schemas),
      },
    }),
    responses: {
      ...describeResponses(operation, schemas),
      ...describeProblems(operation, schemas),
    },
  }
}

function parameters(inputs: readonly Input[], target: 'param' | 'query') {
  const input = inputs.find((candidate) => candidate.target === target)
  if (!input) return []
  const { properties = {}, required = [] } = z.toJSONSchema(input.schema, { io: 'input' })
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: target === 'param' ? 'path' : 'query',
    required: required.includes(name),
    schema,
  }))
}

function describeResponses({ responses }: Operation, schemas: Record<string, unknown>) {
  return Object.fromEntries(
    Object.entries(responses).map(([status, { description, schema }]) => [
      status,
      { description, content: jsonContent(schema, 'output', schemas) },
    ]),
  )
}

// Any route can meet these, whatever it does.
export const EVERYWHERE: readonly ProblemCode[] = [
  'rate_limited',
  'internal_error',
  'configuration_invalid',
]

function describeProblems({ problems }: Operation, schemas: Record<string, unknown>) {
  const byStatus = Object.groupBy([...problems, ...EVERYWHERE], (code) => PROBLEMS[code].status)
  const schema = componentOf(Problem, 'output', schemas)
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, codes = []]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
        content: { 'application/problem+json': { schema } },
      },
    ]),
  )
}

function jsonContent(schema: z.ZodType, io: 'input' | 'output', schemas: Record<string, unknown>) {
  return { 'application/json': { schema: componentOf(schema, io, schemas) } }
}

// zod puts named schemas under a local #/$defs; a document has them once, under components.
function componentOf(
  schema: z.ZodType,
  io: 'input' | 'output',
  schemas: Record<string, unknown>,
): unknown {
  const { $schema: _, $defs = {}, ...root } = z.toJSONSchema(schema, { io })
  const repoint = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/'))
  for (const [name, definition] of Object.entries($defs)) schemas[name] = repoint(definition)
  return repoint(root)
}
