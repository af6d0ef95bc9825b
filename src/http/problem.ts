import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { AuthError, type FieldError } from '../auth/errors'
import { ConfigurationError } from '../config'
import { errorFields } from '../log'
import { StoreUnavailable } from '../store/database'
import type { AppEnv } from './factory'
import { PROBLEMS, type ProblemCode, type Wording } from './problems'

/** The one form of every error (RFC 9457 §3). */
export function problem(
  c: Context<AppEnv>,
  code: ProblemCode,
  { errors, headers }: { errors?: readonly FieldError[]; headers?: Record<string, string> } = {},
): Response {
  const { status, title, detail, ...wording }: Wording = PROBLEMS[code]
  const type = `urn:gatehouse:problem:${code}`
  const request_id = c.var.requestId
  const body = { type, title, status, detail, code, request_id, ...(errors?.length && { errors }) }
  return c.body(JSON.stringify(body), status, {
    'Content-Type': 'application/problem+json',
    ...wording.headers,
    ...headers,
  })
}

/** The one error handler. Anything it does not know is a fault of ours, and its text stays in the log. */
export function problemOf(error: Error, c: Context<AppEnv>): Response {
  const { log } = c.var
  if (error instanceof AuthError) {
    log.warning('refused', { code: error.code, ...error.logged })
    const { errors, retryAfterSeconds } = error
    const headers = retryAfterSeconds === null ? {} : { 'Retry-After': String(retryAfterSeconds) }
    return problem(c, error.code, { errors, headers })
  }
  if (error instanceof ProblemError) {
    log.warning('refused', { code: error.code, ...error.logged })
    return problem(c, error.code)
  }
  if (error instanceof HTTPException && error.status === 400) {
    log.warning('refused', { code: 'malformed_json' })
    return problem(c, 'malformed_json')
  }
  if (error instanceof StoreUnavailable) {
    log.error('store_unavailable', errorFields(error))
    return problem(c, 'service_unavailable')
  }
  if (error instanceof ConfigurationError) {
    log.error('configuration_invalid', { problems: error.problems })
    const errors = error.problems.map(({ variable, message }) => ({ path: variable, message }))
    return problem(c, 'configuration_invalid', { errors })
  }
  log.error('internal_error', errorFields(error))
  return problem(c, 'internal_error')
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
