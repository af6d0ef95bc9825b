/** Closed and append-only: clients decide by these. `http/problem.ts` says how each is told. */
export type AuthErrorCode =
  | 'validation_failed'
  | 'weak_password'
  | 'invalid_credentials'
  | 'missing_token'
  | 'invalid_token'
  | 'invalid_refresh_token'
  | 'account_disabled'
  | 'email_taken'
  | 'session_not_found'
  | 'permission_denied'
  | 'exceeds_own_permissions'
  | 'user_not_found'
  | 'role_not_found'
  | 'permission_not_found'
  | 'name_taken'
  | 'built_in'
  | 'in_use'
  | 'last_admin'
  | 'wrong_password'
  | 'invalid_link'
  | 'email_not_verified'
  | 'signup_closed'
  | 'invitation_required'
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

export interface FieldError {
  readonly path: string
  readonly message: string
}

interface AuthErrorDetail {
  readonly errors?: readonly FieldError[]
  readonly retryAfterSeconds?: number
  readonly [logged: string]: unknown
}

/** A refusal. The code is what the caller is told; `reason` and the ids are for the log alone. */
export class AuthError extends Error {
  override readonly name = 'AuthError'
  readonly code: AuthErrorCode
  readonly errors: readonly FieldError[]
  /** When to come back, where it is known. */
  readonly retryAfterSeconds: number | null
  readonly logged: Readonly<Record<string, string>>

  constructor(code: AuthErrorCode, { errors, retryAfterSeconds, ...logged }: AuthErrorDetail = {}) {
    super(code)
    this.code = code
    this.errors = errors ?? []
    this.retryAfterSeconds = retryAfterSeconds ?? null
    this.logged = Object.fromEntries(Object.entries(logged).map(([k, v]) => [k, String(v)]))
  }
}
