// What travels, as the service documents it. Written out, so that the published declarations need no other
// package; test/client/wire.test.ts holds it against what the routes say.

/** Somebody who has an account. Times are ISO 8601 in UTC. */
export interface User {
  id: string
  email: string
  name: string | null
  is_active: boolean
  email_verified: boolean
  roles: string[]
  permissions: string[]
  created_at: string
  last_login_at: string | null
}

/** What signing up, logging in and refreshing answer. Lifetimes are in seconds. */
export interface Session {
  access_token: string
  /** Left out where the cookie has it. */
  refresh_token?: string | undefined
  token_type: 'bearer'
  /** Until the access token expires, counted from the answer. */
  expires_in: number
  /** Until the session ends if it is not refreshed. */
  refresh_expires_in: number
  user: User
}

/** What signing up answers where the email has to be verified before there can be a session. */
export interface SignedUp {
  user: User
}

/** Of `signUp`. */
export interface SignUpInput {
  email: string
  password: string
  name?: string | null | undefined
  /** The token of an invitation, where one is needed. */
  invitation?: string | null | undefined
  /** Of a Cloudflare Turnstile challenge, where `challenge_required` asked for one. */
  turnstile_token?: string | undefined
}

/** Of `logIn`. */
export interface LogInInput {
  email: string
  password: string
  /** Of a Cloudflare Turnstile challenge, where `challenge_required` asked for one. */
  turnstile_token?: string | undefined
}

/** Of `logOut`. */
export interface LogOutInput {
  /** End every session of the user. */
  everywhere?: boolean | undefined
}

/** Of `changePassword`. */
export interface ChangePasswordInput {
  current_password: string
  new_password: string
}

/** Of `forgotPassword`. */
export interface ForgotPasswordInput {
  email: string
  /** Of a Cloudflare Turnstile challenge, where `challenge_required` asked for one. */
  turnstile_token?: string | undefined
}

/** Of `resetPassword`. */
export interface ResetPasswordInput {
  /** Of the mailed link. */
  token: string
  new_password: string
}

/** Of `changeEmail`. */
export interface ChangeEmailInput {
  password: string
  new_email: string
}

/** Of `changeName`; null takes the name away. */
export interface ChangeNameInput {
  name: string | null
}

/** Of `deleteAccount`. */
export interface DeleteAccountInput {
  password: string
}

/** Of `resendVerification`. */
export interface EmailInput {
  email: string
}

/** Of what a mailed link leads to. */
export interface LinkInput {
  /** Of the mailed link. */
  token: string
}

/** Where else a session was given the tokens that somebody had just refreshed, and since when. */
export interface OtherNetwork {
  ip: string | null
  at: string
}

/** A live session, as its user sees it. */
export interface ListedSession {
  id: string
  created_at: string
  last_used_at: string
  expires_at: string
  ip: string | null
  user_agent: string | null
  other_networks: OtherNetwork[]
  /** Whether it is the one that asks. */
  current: boolean
}

/** What listing sessions answers. */
export interface SessionList {
  sessions: ListedSession[]
}

/** A session of an export, live or ended. */
export interface ExportedSession {
  id: string
  created_at: string
  last_used_at: string
  expires_at: string
  ended_at: string | null
  ended_reason: string | null
  ip: string | null
  user_agent: string | null
  other_networks: OtherNetwork[]
}

/** An event of the audit trail, as an export has it. */
export interface ExportedEvent {
  seq: number
  id: string
  occurred_at: string
  type: string
  outcome: 'success' | 'failure'
  actor_id: string | null
  subject_id: string | null
  session_id: string | null
  request_id: string | null
  /** Null where it has been erased. */
  personal: {
    ip: string | null
    user_agent: string | null
    detail: Record<string, string>
  } | null
}

/** Of `apiKeys.create`. */
export interface CreateApiKeyInput {
  /** What you will know it by. */
  name: string
  permissions?: string[] | undefined
  /** From when on it is refused; without it, never. */
  expires_at?: string | null | undefined
}

/** An API key without what makes it work. */
export interface ApiKey {
  id: string
  name: string
  permissions: string[]
  created_at: string
  expires_at: string | null
  last_used_at: string | null
}

/** An API key, with the key itself. */
export interface CreatedApiKey extends ApiKey {
  /** The key itself. It is shown nowhere else, and never again. */
  key: string
}

/** What listing API keys answers. */
export interface ApiKeyList {
  api_keys: ApiKey[]
}

/** An API key of an export, revoked ones too. */
export interface ExportedApiKey extends ApiKey {
  revoked_at: string | null
}

/** Everything that is stored about a person, but secrets. */
export interface AccountExport {
  user: User
  roles: { role: string; granted_at: string }[]
  sessions: ExportedSession[]
  api_keys: ExportedApiKey[]
  audit_events: ExportedEvent[]
}
