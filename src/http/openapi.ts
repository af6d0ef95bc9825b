import { zValidator } from '@hono/zod-validator'
import type { MiddlewareHandler, ValidationTargets } from 'hono'
import type { RouterRoute } from 'hono/types'
import type * as z from 'zod/mini'
import { AuthError, type FieldError } from '../auth/errors'
import type { AppEnv } from './factory'
import type { Answers } from './openapi-answers'
import type { Tag } from './openapi-tags'
import type { ProblemCode } from './problems'

// What the API's document is made of, by openapi-document.ts, is read off the router: the schema that is documented is the
// one that validates.

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
  readonly tag: Tag
  /** Whether an access token is taken, and an API key in its place; `no_api_key` where others of its kind take one. */
  readonly bearer?: 'required' | 'optional' | 'or_api_key' | 'no_api_key'
}

export interface Input {
  readonly target: keyof ValidationTargets
  readonly schema: z.ZodMiniType
}

const inputs = new WeakMap<object, Input>()
const operations = new WeakMap<object, Operation>()
const permissions = new WeakMap<object, string>()

/** zValidator that refuses with our own envelope, and remembers its schema for the document. */
export function valid<
  Target extends 'json' | 'form' | 'query' | 'param',
  Schema extends z.ZodMiniType,
>(target: Target, schema: Schema) {
  const validator = zValidator(target, schema, (result) => {
    if (result.success) return
    throw new AuthError('validation_failed', { errors: result.error.issues.flatMap(errorsOf) })
  })
  inputs.set(validator, { target, schema })
  return validator
}

// A field that is not known is named like one that is wrong.
function errorsOf(issue: z.core.$ZodIssue): readonly FieldError[] {
  const { path, message } = issue
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message }]
  return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'is not known here' }))
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
