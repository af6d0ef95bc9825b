import type { Context } from 'hono'
import type { FieldError } from '../auth/errors'
import type { AppEnv } from './factory'
import { PROBLEMS, type ProblemCode, type Wording } from './problems'

/** What an answer tells of why it is none. */
export interface Refusal {
  readonly code: ProblemCode
  readonly errors?: readonly FieldError[]
  readonly headers?: Readonly<Record<string, string>>
}

export function wordingOf({ code, headers }: Refusal): Wording {
  const wording: Wording = PROBLEMS[code]
  return { ...wording, headers: { ...wording.headers, ...headers } }
}

/** The one form of every error that a program is told (RFC 9457 §3). */
export function problem(c: Context<AppEnv>, refusal: Refusal): Response {
  const { code, errors } = refusal
  const { status, title, detail, headers } = wordingOf(refusal)
  const type = `urn:gatehouse:problem:${code}`
  const request_id = c.get('requestId')
  const body = { type, title, status, detail, code, request_id, ...(errors?.length && { errors }) }
  return c.body(JSON.stringify(body), status, {
    'Content-Type': 'application/problem+json',
    ...headers,
  })
}

/** A refusal that only the HTTP layer knows. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ProblemCode
  readonly logged: Readonly<Record<string, string>>

  constructor(code: ProblemCode, logged: Readonly<Record<string, string>> = {}) {
    super(code)
    this.code = code
    this.logged = logged
  }
}
