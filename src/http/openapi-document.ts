import type { RouterRoute } from 'hono/types'
import { type DocumentedRoute, documentedRoutes, EVERYWHERE, type Input } from './openapi'
import { describeProblems, describeResponses, HEADERS } from './openapi-answers'
import { type Components, formContent, jsonContent, jsonSchemaOf } from './openapi-schemas'
import { TAGS } from './openapi-tags'

const INFO = {
  title: 'Gatehouse',
  version: '0.1.0',
  description: 'Authentication: accounts, sessions with rotating refresh tokens, and roles.',
}

/** The OpenAPI 3.1 document. */
export function openApiDocument(routes: readonly RouterRoute[]) {
  const components: Components = { schemas: {}, responses: {}, examples: {} }
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of documentedRoutes(routes)) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describe(route, components) }
  }
  return {
    openapi: '3.1.0',
    info: { ...INFO, license: { name: 'MIT', identifier: 'MIT' } },
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
  if (bearer === 'no_api_key') return [bearerOnly]
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
