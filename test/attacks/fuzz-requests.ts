import fc from 'fast-check'
import type { ApiDocument, Operation, Schema } from './api-document'
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

const JSON_TYPE = 'application/json'
const OWN_ORIGIN = 'http://127.0.0.1:8787'

export type Caller = 'anonymous' | 'garbage' | 'user' | 'admin'

export type FuzzedBody =
  | { readonly json: unknown }
  | { readonly form: Fields }
  | { readonly raw: string; readonly type: string }

export interface FuzzedRequest {
  readonly method: string
  readonly path: string
  readonly caller: Caller
  readonly parameters: Fields
  readonly query: readonly (readonly [name: string, value: unknown])[]
  readonly headers: Fields
  readonly body: FuzzedBody | null
  /** All is as the document says; the caller has just come, and asks about what is the newest. */
  readonly isFaithful?: boolean
}

/**
 * About so many requests. Each operation gets a fixed number of them: two faithful ones, and the more random ones,
 * the more it takes. The seed decides what is in them and their order.
 */
export function requestsOf(
  document: ApiDocument,
  seed: number,
  requests: number,
): readonly FuzzedRequest[] {
  const { operations } = document
  const sizeOf = (operation: Operation) =>
    2 + operation.parameters.length + Object.keys(document.fieldsOf(operation)).length
  const total = operations.reduce((sum, operation) => sum + sizeOf(operation), 0)
  const random = requests - 2 * operations.length
  const drawn = operations.flatMap((operation) => {
    const numRuns = Math.max(2, Math.round((random * sizeOf(operation)) / total))
    return [
      ...faithful(document, operation).flatMap((one) => fc.sample(one, { seed, numRuns: 1 })),
      ...fc.sample(anyRequest(document, operation), { seed, numRuns }),
    ]
  })
  const inAnyOrder = fc.shuffledSubarray(drawn, { minLength: drawn.length })
  return fc.sample(inAnyOrder, { seed, numRuns: 1 }).flat()
}

/** With the required fields alone, and with all. */
function faithful(document: ApiDocument, operation: Operation): fc.Arbitrary<FuzzedRequest>[] {
  const { properties, required } = document.bodyOf(operation)
  return [required, Object.keys(properties)].map((names) =>
    fc.record<FuzzedRequest>({
      method: fc.constant(operation.method),
      path: fc.constant(operation.path),
      caller: fc.constant(rightCallerOf(operation)),
      parameters: pathParameters(document, operation, { hostile: 0 }),
      query: fc.constant([]),
      headers: rightHeadersOf(operation),
      body: bodyWith(operation, validFields(document, pick(properties, names))),
      isFaithful: fc.constant(true),
    }),
  )
}

function anyRequest(document: ApiDocument, operation: Operation): fc.Arbitrary<FuzzedRequest> {
  return fc.record<FuzzedRequest>({
    method: fc.constant(operation.method),
    path: fc.constant(operation.path),
    caller: callerOf(operation),
    parameters: pathParameters(document, operation, { hostile: 1 }),
    query: queryOf(document, operation),
    headers,
    body: bodyOf(document, operation),
  })
}

/**
 * For each operation: each of its fields and parameters with each hostile value, all else as it should be. The seeds,
 * which decide what that is, take turns.
 */
export function* everyField(
  document: ApiDocument,
  seeds: readonly number[],
): Generator<FuzzedRequest> {
  for (const operation of document.operations) {
    const { method, path, parameters } = operation
    const fields = document.fieldsOf(operation)
    const good = fc.record({
      parameters: pathParameters(document, operation, { hostile: 0 }),
      fields: validFields(document, fields),
    })
    const samples = seeds.map((seed) => fc.sample(good, { seed, numRuns: HOSTILE_VALUES.length }))
    const caller = rightCallerOf(operation) === 'admin' ? 'admin' : 'user'
    const base = { method, path, caller, headers: {}, query: [], body: null } as const
    for (const [index, value] of HOSTILE_VALUES.entries()) {
      const sample = samples[index % samples.length]?.[index]
      if (!sample) continue
      for (const name of Object.keys(fields)) {
        const body = inTypeOf(operation, { ...sample.fields, [name]: value })
        yield { ...base, parameters: sample.parameters, body }
      }
      if (index >= HOSTILE_TEXTS.length) continue
      for (const { name } of parameters.filter((each) => each.in === 'query')) {
        yield { ...base, parameters: sample.parameters, query: [[name, value]] }
      }
    }
  }
}

function bodyOf(document: ApiDocument, operation: Operation): fc.Arbitrary<FuzzedRequest['body']> {
  const types = [...new Set([JSON_TYPE, typeOf(operation) ?? JSON_TYPE])]
  const raw = fc
    .tuple(fc.constantFrom(...HOSTILE_BODIES), fc.constantFrom(...types))
    .map(([text, type]) => ({ raw: text, type }))
  if (!operation.requestBody) return fc.option(raw, { freq: 9 })
  const { properties, required } = document.bodyOf(operation)
  const fields = validFields(document, properties, required)
  return fc.oneof(
    { weight: 12, arbitrary: bodyWith(operation, fields) },
    { weight: 8, arbitrary: bodyWith(operation, nearly(fields)) },
    { weight: 1, arbitrary: hostileValue.map((value) => ({ json: value })) },
    { weight: 1, arbitrary: raw },
  )
}

const typeOf = ({ requestBody }: Operation) => Object.keys(requestBody?.content ?? {})[0]

const bodyWith = (operation: Operation, fields: fc.Arbitrary<Fields>) =>
  fields.map((values) => inTypeOf(operation, values))

/** As the operation takes it: in JSON, as a form, or not at all. */
function inTypeOf(operation: Operation, values: Fields): FuzzedBody | null {
  if (!operation.requestBody) return null
  return typeOf(operation) === JSON_TYPE ? { json: values } : { form: values }
}

function pick(properties: Readonly<Record<string, Schema>>, names: readonly string[]) {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => names.includes(name)))
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
    Origin: fc.constantFrom(OWN_ORIGIN, 'https://evil.example', 'null'),
    Cookie: existing('refresh_token', fc.constant('x')),
    'X-Request-Id': fc.constantFrom('trace-1', 'a b', '"}{"'),
    'X-Forwarded-For': fc.constant('203.0.113.9'),
  },
  { requiredKeys: [] },
)

function rightHeadersOf({ security }: Operation): fc.Arbitrary<Fields> {
  const Origin = fc.constant(OWN_ORIGIN)
  if (!security.some(({ refreshCookie }) => refreshCookie)) return fc.record<Fields>({ Origin })
  return fc.record<Fields>({ Origin, Cookie: existing('refresh_token', fc.constant('x')) })
}

/** Whom the operation is for. */
function rightCallerOf({ security }: Operation): 'anonymous' | 'user' | 'admin' {
  const scopes = security.flatMap(({ bearer }) => bearer ?? [])
  if (scopes.length > 0) return 'admin'
  return security.some(({ bearer }) => bearer) ? 'user' : 'anonymous'
}

const CALLER_WEIGHTS = { admin: [12, 2, 1], user: [2, 10, 1], anonymous: [1, 2, 6] } as const

function callerOf(operation: Operation): fc.Arbitrary<Caller> {
  const [admin, user, anonymous] = CALLER_WEIGHTS[rightCallerOf(operation)]
  return fc.oneof(
    { weight: admin, arbitrary: fc.constant<Caller>('admin') },
    { weight: user, arbitrary: fc.constant<Caller>('user') },
    { weight: anonymous, arbitrary: fc.constant<Caller>('anonymous') },
    { weight: 1, arbitrary: fc.constant<Caller>('garbage') },
  )
}
