import fc from 'fast-check'
import type { ApiDocument, Operation } from './api-document'
import {
  existing,
  type Fields,
  hostileText,
  hostileValue,
  nearly,
  valid,
  validFields,
} from './fuzz-values'
import { HOSTILE_BODIES, HOSTILE_TEXTS, HOSTILE_VALUES } from './hostile-values'

// Requests made from what the OpenAPI document says of each operation: as it says, nearly so, and hostile.

export type Caller = 'anonymous' | 'garbage' | 'user' | 'admin'

export interface FuzzedRequest {
  readonly method: string
  readonly path: string
  readonly caller: Caller
  readonly parameters: Fields
  readonly query: readonly (readonly [name: string, value: unknown])[]
  readonly headers: Fields
  readonly body: { readonly json: unknown } | { readonly raw: string } | null
}

/** Any request; those to an operation are the more, the more it takes. */
export function anyRequest(document: ApiDocument): fc.Arbitrary<FuzzedRequest> {
  const requests = document.operations.map((operation) => ({
    weight: 2 + operation.parameters.length + Object.keys(document.fieldsOf(operation)).length,
    arbitrary: fc.record<FuzzedRequest>({
      method: fc.constant(operation.method),
      path: fc.constant(operation.path),
      caller: callerOf(operation),
      parameters: pathParameters(document, operation, { hostile: 1 }),
      query: queryOf(document, operation),
      headers,
      body: bodyOf(document, operation),
    }),
  }))
  return fc.oneof(...requests)
}

/** For each operation: each of its fields and parameters with each hostile value, all else as it should be. */
export function* everyField(document: ApiDocument, seed: number): Generator<FuzzedRequest> {
  for (const operation of document.operations) {
    const { method, path, parameters } = operation
    const fields = document.fieldsOf(operation)
    const samples = fc.sample(
      fc.record({
        parameters: pathParameters(document, operation, { hostile: 0 }),
        json: validFields(document, fields),
      }),
      { seed, numRuns: HOSTILE_VALUES.length },
    )
    const caller = path.startsWith('/admin/') ? 'admin' : 'user'
    const base = { method, path, caller, headers: {}, query: [], body: null } as const
    for (const [index, { json, ...good }] of samples.entries()) {
      const value = HOSTILE_VALUES[index]
      for (const name of Object.keys(fields)) {
        yield { ...base, ...good, body: { json: { ...json, [name]: value } } }
      }
      if (index >= HOSTILE_TEXTS.length) continue
      for (const { name } of parameters.filter((each) => each.in === 'query')) {
        yield { ...base, ...good, query: [[name, value]] }
      }
    }
  }
}

function bodyOf(
  document: ApiDocument,
  { requestBody }: Operation,
): fc.Arbitrary<FuzzedRequest['body']> {
  const raw = fc.constantFrom(...HOSTILE_BODIES).map((text) => ({ raw: text }))
  const schema = requestBody?.content['application/json']?.schema
  if (!schema) return fc.option(raw, { freq: 9 })
  const { properties = {}, required = [] } = document.resolve(schema)
  const fields = validFields(document, properties, required)
  const json = (values: fc.Arbitrary<unknown>) => values.map((value) => ({ json: value }))
  return fc.oneof(
    { weight: 12, arbitrary: json(fields) },
    { weight: 8, arbitrary: json(nearly(fields)) },
    { weight: 1, arbitrary: json(hostileValue) },
    { weight: 1, arbitrary: raw },
  )
}

function queryOf(
  document: ApiDocument,
  { parameters }: Operation,
): fc.Arbitrary<FuzzedRequest['query']> {
  const own = parameters.filter((parameter) => parameter.in === 'query')
  if (own.length === 0) return fc.constant([])
  const some = fc.subarray(own, { maxLength: 2 }).chain((few) => {
    const schemas = few.map(({ name, schema }) => [name, schema])
    return validFields(document, Object.fromEntries(schemas))
  })
  return fc.oneof(
    { weight: 6, arbitrary: some.map(Object.entries) },
    { weight: 3, arbitrary: nearly(some).map(Object.entries) },
    { weight: 1, arbitrary: some.map((one) => [...Object.entries(one), ...Object.entries(one)]) },
  )
}

function pathParameters(
  document: ApiDocument,
  { path, parameters }: Operation,
  weights: { hostile: number },
): fc.Arbitrary<Fields> {
  const segments = path.split('/')
  // An address is cut where a text is empty, and walked where it is dots: those are tried elsewhere.
  const hostile = hostileText.filter((text) => !/^\.{0,2}$/.test(text))
  const values = parameters
    .filter((parameter) => parameter.in === 'path')
    .map(({ name, schema }) => {
      const collection = segments.at(segments.indexOf(`{${name}}`) - 1) ?? ''
      const known = existing(`id of ${collection}`, valid(document, schema))
      const value = fc.oneof(
        { weight: 5, arbitrary: known },
        { weight: weights.hostile, arbitrary: hostile },
      )
      return [name, value]
    })
  return fc.record<Fields>(Object.fromEntries(values))
}

const headers = fc.record<Fields>(
  {
    Origin: fc.constantFrom('http://127.0.0.1:8787', 'https://evil.example', 'null'),
    Cookie: existing('refresh_token', fc.constant('x')),
    'X-Request-Id': fc.constantFrom('trace-1', 'a b', '"}{"'),
    'X-Forwarded-For': fc.constant('203.0.113.9'),
  },
  { requiredKeys: [] },
)

function callerOf({ path, security }: Operation): fc.Arbitrary<Caller> {
  const [admin, user, anonymous] = path.startsWith('/admin/')
    ? [12, 2, 1]
    : security.length > 0
      ? [2, 10, 1]
      : [1, 2, 6]
  return fc.oneof(
    { weight: admin, arbitrary: fc.constant<Caller>('admin') },
    { weight: user, arbitrary: fc.constant<Caller>('user') },
    { weight: anonymous, arbitrary: fc.constant<Caller>('anonymous') },
    { weight: 1, arbitrary: fc.constant<Caller>('garbage') },
  )
}
