// What routes of a kind can be refused with, as their operations document it.

/** What a route with a body can be refused with; and one behind an access token. */
export const BODY = [
  'validation_failed',
  'malformed_json',
  'payload_too_large',
  'request_timeout',
  'unsupported_media_type',
] as const
export const TOKEN = [
  'invalid_request',
  'missing_token',
  'invalid_token',
  'service_unavailable',
] as const

/** What a route that asks for the password can be refused with, and one that may ask for a challenge. */
export const OWN_PASSWORD = ['wrong_password', 'too_many_attempts'] as const
export const CHALLENGE = ['challenge_required', 'challenge_unavailable'] as const

/** What a route that takes an API key as well can be refused with. */
export const TOKEN_OR_KEY = [...TOKEN, 'invalid_api_key'] as const

/** What every route under /admin can be refused with, by whether a body may come with it. */
const READ = [
  'validation_failed',
  'invalid_request',
  'missing_token',
  'invalid_token',
  'invalid_api_key',
  'permission_denied',
  'service_unavailable',
] as const
const WRITE = [
  ...READ,
  'malformed_json',
  'payload_too_large',
  'request_timeout',
  'unsupported_media_type',
] as const
export const ADMINISTRATION = { read: READ, write: WRITE } as const
