import type * as z from 'zod/mini'
import { PROBLEM_ERRORS, REQUEST_ID } from './examples'
import { type Components, componentOf, jsonContent } from './openapi-schemas'
import { PROBLEMS, type ProblemCode } from './problems'
import { Problem } from './wire'

/** What an operation can answer. */
export interface Answers {
  readonly responses: Readonly<Record<number, { description: string; schema: () => z.ZodMiniType }>>
  readonly problems: readonly ProblemCode[]
  /** Whether the refresh cookie is set, or taken and set. */
  readonly cookie?: 'set' | 'taken'
}

export const HEADERS = {
  'X-Request-Id': {
    description: 'Names the request in the log.',
    schema: { type: 'string', examples: [REQUEST_ID] },
  },
  'Set-Cookie': {
    description: 'The refresh token, where it travels in the cookie.',
    schema: { type: 'string' },
  },
  'WWW-Authenticate': {
    description: 'What is missing or wrong (RFC 6750 §3).',
    schema: { type: 'string', examples: [PROBLEMS.invalid_token.headers['WWW-Authenticate']] },
  },
  'Retry-After': {
    description: 'Seconds to wait before the next try.',
    schema: { type: 'integer', examples: [Number(PROBLEMS.rate_limited.headers['Retry-After'])] },
  },
}

export function describeResponses({ responses, cookie }: Answers, components: Components) {
  const headers = headerReferences(cookie ? ['Set-Cookie'] : [])
  return Object.fromEntries(
    Object.entries(responses).map(([status, { description, schema }]) => [
      status,
      { description, headers, content: jsonContent(schema(), 'output', components) },
    ]),
  )
}

const headerReferences = (names: readonly string[]) =>
  Object.fromEntries(
    ['X-Request-Id', ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  )

export function describeProblems(problems: readonly ProblemCode[], components: Components) {
  const byStatus = Object.groupBy(problems, (code) => PROBLEMS[code].status)
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, codes = []]) => {
      const name = codes.toSorted().join('.')
      components.responses[name] ??= describeProblem(codes.toSorted(), components)
      return [status, { $ref: `#/components/responses/${name}` }]
    }),
  )
}

/** One answer that stands for these codes of one status, which many operations share. */
function describeProblem(codes: readonly ProblemCode[], components: Components) {
  const headers = codes.flatMap((code) => {
    const wording = PROBLEMS[code]
    return 'headers' in wording ? Object.keys(wording.headers) : []
  })
  for (const code of codes) components.examples[code] ??= exampleOf(code)
  const examples = codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])
  const schema = componentOf(Problem(), 'output', components)
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
    headers: headerReferences([...new Set(headers)]),
    content: {
      'application/problem+json': { schema, examples: Object.fromEntries(examples) },
    },
  }
}

function exampleOf(code: ProblemCode) {
  const { title, status, detail } = PROBLEMS[code]
  const type = `urn:gatehouse:problem:${code}`
  const errors = PROBLEM_ERRORS[code]
  const value = { type, title, status, detail, code, request_id: REQUEST_ID }
  return { summary: title, value: errors ? { ...value, errors } : value }
}
