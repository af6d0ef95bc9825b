/** What the service refuses with. A later version of it may know more. */
export type ServiceErrorCode =
  | 'validation_failed'
  | 'weak_password'
  | 'malformed_json'
  | 'invalid_request'
  | 'invalid_credentials'
  | 'missing_token'
  | 'invalid_token'
  | 'invalid_refresh_token'
  | 'account_disabled'
  | 'permission_denied'
  | 'exceeds_own_permissions'
  | 'origin_not_allowed'
  | 'not_found'
  | 'session_not_found'
  | 'user_not_found'
  | 'role_not_found'
  | 'permission_not_found'
  | 'method_not_allowed'
  | 'email_taken'
  | 'wrong_password'
  | 'invalid_link'
  | 'email_not_verified'
  | 'signup_closed'
  | 'invitation_required'
  | 'name_taken'
  | 'built_in'
  | 'in_use'
  | 'last_admin'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'too_many_attempts'
  | 'invalid_api_key'
  | 'api_key_not_found'
  | 'api_key_limit'
  | 'challenge_required'
  | 'challenge_unavailable'
  | 'insufficient_user_authentication'
  | 'superseded'
  | 'password_required'
  | 'user_not_verified'
  | 'request_timeout'
  | 'internal_error'
  | 'configuration_invalid'
  | 'service_unavailable'

/**
 * What the client itself has to tell:
 * - `no_answer`: none came, or not all of it; `cause` says more. It may have been done all the same
 * - `unexpected_answer`: from something that is not the service, such as a proxy
 * - `redirected`: the answer was a redirect, which is not followed with a token
 * - `signed_out`: the session ended while this waited for it, by a logout here or in another tab
 * - `user_changed`: somebody else logged in while this waited; it was not sent in their name
 */
export type ClientErrorCode =
  | 'no_answer'
  | 'unexpected_answer'
  | 'redirected'
  | 'signed_out'
  | 'user_changed'

/** What to decide by. */
export type AuthErrorCode = ServiceErrorCode | ClientErrorCode

/** What is wrong with one field of the input. */
export interface FieldError {
  path: string
  message: string
}

/** What an AuthClientError tells beside its code. */
export interface ErrorDetails {
  readonly message?: string
  readonly status?: number
  readonly errors?: readonly FieldError[]
  readonly requestId?: string | null
  readonly retryAfter?: number | null
  readonly cause?: unknown
}

/** Why something was not done. Decide by `code`; `message` is for people who read logs. */
export class AuthClientError extends Error {
  override readonly name = 'AuthClientError'
  readonly code: AuthErrorCode
  /** Of the answer; 0 where there was none. */
  readonly status: number
  /** What is wrong with which field, of `validation_failed` and `weak_password`. */
  readonly errors: readonly FieldError[]
  /** Identifies the request in the log of the service. */
  readonly requestId: string | null
  /** Seconds after which to try again, where the service says so. */
  readonly retryAfter: number | null

  constructor(code: AuthErrorCode, details: ErrorDetails = {}) {
    super(details.message ?? code, { cause: details.cause })
    this.code = code
    this.status = details.status ?? 0
    this.errors = details.errors ?? []
    this.requestId = details.requestId ?? null
    this.retryAfter = details.retryAfter ?? null
  }
}

/** Whether it is the word of the service itself, and asking again would change nothing. */
export function isRefusal(error: unknown): error is AuthClientError {
  return (
    error instanceof AuthClientError &&
    error.code !== 'unexpected_answer' &&
    error.status >= 400 &&
    error.status < 500
  )
}

/** Whether it says that the session is not there any more, or not the one that was. */
export function endsSession(error: unknown): error is AuthClientError {
  if (!(error instanceof AuthClientError)) return false
  const { code, status } = error
  if (code === 'signed_out' || code === 'user_changed') return true
  // There are newer tokens of the session, in another tab or on their way.
  return status === 401 && code !== 'superseded' && isRefusal(error)
}

/** The refusal that an answer is. */
export function refusalOf({ status, headers }: Response, body: unknown): AuthClientError {
  const { code, detail, errors }: Partial<Problem> = isProblem(body) ? body : {}
  const retryAfter = Number.parseInt(headers.get('Retry-After') ?? '', 10)
  return new AuthClientError(code ?? 'unexpected_answer', {
    message: `${code ?? 'unexpected answer'} (${status}): ${detail}`,
    status,
    errors: errors ?? [],
    requestId: headers.get('X-Request-Id'),
    retryAfter: Number.isNaN(retryAfter) ? null : retryAfter,
  })
}

interface Problem {
  readonly code: ServiceErrorCode
  readonly detail: string
  readonly errors?: readonly FieldError[]
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body
}
