import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AuthErrorCode } from '../auth/errors'

/** Every code that an answer can carry; closed and append-only. */
export type ProblemCode =
  | AuthErrorCode
  | 'malformed_json'
  | 'invalid_request'
  | 'origin_not_allowed'
  | 'not_found'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'internal_error'
  | 'configuration_invalid'
  | 'service_unavailable'
  | 'request_timeout'

const RETRY_AFTER_SECONDS = '5'
const CHALLENGE = 'Bearer realm="gatehouse"'

export interface Wording {
  readonly status: ContentfulStatusCode
  readonly title: string
  readonly detail: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What may be told of each. A 401 names its challenge; `error` only where a token was given (RFC 6750 §3). */
export const PROBLEMS = {
  validation_failed: {
    status: 400,
    title: 'Invalid input',
    detail: 'Some fields are missing or not as they should be; `errors` names them.',
  },
  weak_password: {
    status: 400,
    title: 'Password not acceptable',
    detail: 'The password does not meet the rules; `errors` says which.',
  },
  malformed_json: {
    status: 400,
    title: 'Malformed JSON',
    detail: 'The body is not valid JSON in UTF-8.',
  },
  invalid_request: {
    status: 400,
    title: 'Invalid request',
    detail: 'Credentials were sent more than once, or in more than one way.',
    headers: { 'WWW-Authenticate': `${CHALLENGE}, error="invalid_request"` },
  },
  invalid_credentials: {
    status: 401,
    title: 'Invalid credentials',
    detail: 'The email or the password is wrong.',
    headers: { 'WWW-Authenticate': CHALLENGE },
  },
  missing_token: {
    status: 401,
    title: 'Not authenticated',
    detail: 'This needs a token and none was given.',
    headers: { 'WWW-Authenticate': CHALLENGE },
  },
  invalid_token: {
    status: 401,
    title: 'Invalid token',
    detail: 'The token is not valid, has expired, or its session has ended.',
    headers: { 'WWW-Authenticate': `${CHALLENGE}, error="invalid_token"` },
  },
  invalid_refresh_token: {
    status: 401,
    title: 'Invalid refresh token',
    detail: 'The refresh token is not valid, has expired, or its session has ended. Log in again.',
    headers: { 'WWW-Authenticate': `${CHALLENGE}, error="invalid_token"` },
  },
  invalid_api_key: {
    status: 401,
    title: 'Invalid API key',
    detail: 'The API key is not valid, has expired or was revoked.',
    headers: { 'WWW-Authenticate': `${CHALLENGE}, error="invalid_token"` },
  },
  account_disabled: {
    status: 403,
    title: 'Account disabled',
    detail: 'This account has been disabled.',
  },
  permission_denied: {
    status: 403,
    title: 'Permission denied',
    detail: 'This needs a permission that you do not hold.',
    headers: { 'WWW-Authenticate': `${CHALLENGE}, error="insufficient_scope"` },
  },
  exceeds_own_permissions: {
    status: 403,
    title: 'Beyond your own permissions',
    detail:
      'This would give, or change somebody or something that gives, a permission you do not hold.',
  },
  origin_not_allowed: {
    status: 403,
    title: 'Origin not allowed',
    detail: 'A request with the cookie must come from this service or an origin of FRONTEND_URL.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    detail: 'There is nothing at this address.',
  },
  session_not_found: {
    status: 404,
    title: 'Session not found',
    detail: 'You have no such session, or it has ended.',
  },
  user_not_found: {
    status: 404,
    title: 'User not found',
    detail: 'There is no user with this id.',
  },
  role_not_found: {
    status: 404,
    title: 'Role not found',
    detail: 'There is no role with this id.',
  },
  api_key_not_found: {
    status: 404,
    title: 'API key not found',
    detail: 'You have no such API key, or it was revoked.',
  },
  permission_not_found: {
    status: 404,
    title: 'Permission not found',
    detail: 'There is no permission with this id.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This address does not take that method; the Allow header names those it takes.',
  },
  email_taken: {
    status: 409,
    title: 'Email taken',
    detail: 'An account with this email exists.',
  },
  wrong_password: {
    status: 403,
    title: 'Wrong password',
    detail: 'Your password is needed for this, and that is not it.',
  },
  invalid_link: {
    status: 400,
    title: 'Invalid link',
    detail: 'The link is not valid, has expired, or was used. Ask for another.',
  },
  email_not_verified: {
    status: 403,
    title: 'Email not verified',
    detail: 'Open the link that was mailed to this address first, or have another sent.',
  },
  signup_closed: {
    status: 403,
    title: 'Signup closed',
    detail: 'Accounts are made by administrators here.',
  },
  invitation_required: {
    status: 403,
    title: 'Invitation required',
    detail: 'Signing up needs an invitation to this address that is still good.',
  },
  name_taken: {
    status: 409,
    title: 'Name taken',
    detail: 'There is one with this name.',
  },
  built_in: {
    status: 409,
    title: 'Built in',
    detail: 'This comes with the service, and stays as it is.',
  },
  api_key_limit: {
    status: 409,
    title: 'Too many API keys',
    detail: 'You have 50 API keys that can be used. Revoke one first.',
  },
  in_use: {
    status: 409,
    title: 'In use',
    detail:
      'A role can be deleted when nobody holds it, a permission when no role but admin gives it.',
  },
  last_admin: {
    status: 409,
    title: 'Last admin',
    detail: 'This is the last active admin. Make somebody else one first.',
  },
  payload_too_large: {
    status: 413,
    title: 'Body too large',
    detail: 'The body must not be larger than 16 KiB.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    detail:
      'The body must be application/json, or where a form is asked for application/x-www-form-urlencoded.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    detail: 'There were too many requests from your network. Try again in a minute.',
    headers: { 'Retry-After': '60' },
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many attempts',
    detail:
      'There were too many failed attempts. Try again later, or choose a new password by mail.',
    headers: { 'Retry-After': '1' },
  },
  challenge_required: {
    status: 403,
    title: 'Challenge required',
    detail:
      'After failed attempts this needs `turnstile_token`, of a challenge that was just solved.',
  },
  challenge_unavailable: {
    status: 503,
    title: 'Challenge unavailable',
    detail: 'The challenge that this needs cannot be checked now. Try again.',
    headers: { 'Retry-After': RETRY_AFTER_SECONDS },
  },
  insufficient_user_authentication: {
    status: 401,
    title: 'Fresh authentication needed',
    detail: 'This needs a fresh log-in, or your password where it is taken.',
    headers: {
      'WWW-Authenticate': `${CHALLENGE}, error="insufficient_user_authentication", max_age=300`,
    },
  },
  superseded: {
    status: 401,
    title: 'Superseded',
    detail:
      'The session has just been given new tokens, in another answer. Read your storage again, and use those.',
    headers: { 'WWW-Authenticate': `${CHALLENGE}, error="invalid_token"` },
  },
  password_required: {
    status: 403,
    title: 'Password required',
    detail:
      'This needs the password of the account, its own session, or a new password that takes its place.',
  },
  user_not_verified: {
    status: 409,
    title: 'Email of the user not verified',
    detail: 'Roles that carry permissions are given to those whose email is verified.',
  },
  request_timeout: {
    status: 408,
    title: 'Request timeout',
    detail: 'The body was not there within five seconds.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    detail: 'Something went wrong here. The request id identifies it in the log.',
  },
  configuration_invalid: {
    status: 500,
    title: 'Configuration invalid',
    detail: 'The service is not configured. Its log names the variables.',
  },
  service_unavailable: {
    status: 503,
    title: 'Service unavailable',
    detail: 'A store that this needs cannot be reached now. Nothing was lost; try again.',
    headers: { 'Retry-After': RETRY_AFTER_SECONDS },
  },
} as const satisfies Record<ProblemCode, Wording>
