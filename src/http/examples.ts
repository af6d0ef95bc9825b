import type { FieldError } from '../auth/errors'
import type { ProblemCode } from './problems'
import { EXAMPLE_SESSION_ID } from './wire'

// What the document shows of each schema: one person, their session and their administrator, so that the
// examples agree with each other. Tokens are cut short: nothing here looks like a secret to a scanner.

export const USER_ID = '01a1fc25-bba0-7554-b5c8-c6964f9a7b49'
export const REQUEST_ID = '01a1fc2a-4d10-7b1f-9a36-52c8e7f0d314'
const ADMIN_ID = '01a1f8e0-91c4-7a02-b6d3-08f5c2a47e19'
const ROLE_ID = '01a1f8e0-8f00-7d41-a9c2-6b3e5f7a1d08'
const PERMISSION_ID = '01a1f8e0-8f01-7e12-b4a7-9c5d3e2f6a10'

const EMAIL = 'you@example.com'
const NEW_EMAIL = 'you@new.example.com'
const NAME = 'Ada Lovelace'
const PASSWORD = 'correct horse battery staple'
const NEW_PASSWORD = 'seven quiet rivers at dusk'
const ACCESS_TOKEN = 'eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCIs…'
const REFRESH_TOKEN = 'eyJhbGciOiJIUzI1NiIsInR5cCI6InJ0K2p3dCIs…'
const LINK_TOKEN = 'q1Zk…'
const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0'
const CREATED_AT = '2026-11-21T03:28:13.728Z'
const LOGGED_IN_AT = '2026-11-21T03:30:01.412Z'
const EXPIRES_AT = '2026-12-21T03:30:01.412Z'

const User = {
  id: USER_ID,
  email: EMAIL,
  name: NAME,
  is_active: true,
  email_verified: true,
  roles: ['analyst', 'user'],
  permissions: ['audit_events:read', 'roles:read', 'users:read'],
  created_at: CREATED_AT,
  last_login_at: LOGGED_IN_AT,
}

const device = { ip: '192.0.2.17', user_agent: USER_AGENT }
const session = {
  id: EXAMPLE_SESSION_ID,
  created_at: LOGGED_IN_AT,
  last_used_at: '2026-11-21T09:12:44.030Z',
  expires_at: EXPIRES_AT,
  other_networks: [{ ip: '198.51.100.23', at: '2026-11-20T18:03:12.504Z' }],
}

const Session = {
  access_token: ACCESS_TOKEN,
  refresh_token: REFRESH_TOKEN,
  token_type: 'bearer',
  expires_in: 900,
  refresh_expires_in: 604800,
  user: User,
}

const Role = {
  id: ROLE_ID,
  name: 'support',
  description: 'Answers the phone',
  permissions: ['users:read'],
  built_in: false,
}

const Permission = {
  id: PERMISSION_ID,
  name: 'invoices:read',
  description: 'See invoices',
  built_in: false,
}

const AuditEvent = {
  seq: 4711,
  id: '01a1fc27-5f44-7be0-8d11-e2a6c90b7f35',
  occurred_at: LOGGED_IN_AT,
  type: 'login_succeeded',
  outcome: 'success',
  actor_id: null,
  subject_id: USER_ID,
  session_id: EXAMPLE_SESSION_ID,
  request_id: REQUEST_ID,
  personal: { ...device, detail: {} },
}

const ApiKey = {
  id: '01a1fc30-0a62-7f1b-b6c4-2d9e8a7f5c13',
  name: 'Nightly report',
  permissions: ['users:read'],
  created_at: LOGGED_IN_AT,
  expires_at: null,
  last_used_at: null,
}

const Key = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  alg: 'EdDSA',
  use: 'sig',
}

/** By the id of the schema. */
export const EXAMPLES: Readonly<Record<string, object>> = {
  SignUpInput: { email: EMAIL, password: PASSWORD, name: NAME },
  LogInInput: { email: EMAIL, password: PASSWORD },
  RefreshInput: { refresh_token: REFRESH_TOKEN },
  LogOutInput: { refresh_token: REFRESH_TOKEN },
  EmailInput: { email: EMAIL },
  LinkInput: { token: LINK_TOKEN },
  ResetPasswordInput: { token: LINK_TOKEN, new_password: NEW_PASSWORD },
  ChangePasswordInput: { current_password: PASSWORD, new_password: NEW_PASSWORD },
  ChangeEmailInput: { password: PASSWORD, new_email: NEW_EMAIL },
  ChangeNameInput: { name: NAME },
  DeleteAccountInput: { password: PASSWORD },
  User,
  Session,
  PasswordChanged: {
    ...Session,
    message: 'The password is changed, all other sessions have ended',
  },
  SignedUp: { user: { ...User, email_verified: false, last_login_at: null } },
  SessionList: { sessions: [{ ...session, ...device, current: true }] },
  UserSessionList: { sessions: [{ ...session, ...device }] },
  Message: { message: 'The session has ended' },
  Claims: {
    iss: 'https://auth.example.com',
    aud: 'https://auth.example.com',
    sub: USER_ID,
    sid: EXAMPLE_SESSION_ID,
    jti: '01a1fc27-5f45-7d09-a3b8-71f0d6c25e92',
    iat: 1795231801,
    exp: 1795232701,
    auth_time: 1795231801,
    type: 'access',
    email: EMAIL,
    roles: User.roles,
    permissions: User.permissions,
    epoch: 0,
  },
  AccountExport: {
    user: User,
    roles: [{ role: 'user', granted_at: CREATED_AT }],
    sessions: [{ ...session, ended_at: null, ended_reason: null, ...device }],
    api_keys: [{ ...ApiKey, revoked_at: null }],
    audit_events: [AuditEvent],
  },
  ForgotPasswordInput: { email: EMAIL },
  CreateApiKeyInput: { name: ApiKey.name, permissions: ApiKey.permissions },
  ApiKey,
  CreatedApiKey: { ...ApiKey, key: 'ghk_01a1fc30…' },
  ApiKeyList: { api_keys: [ApiKey] },
  Key,
  TokenInput: { token: ACCESS_TOKEN },
  Introspection: {
    active: true,
    scope: 'roles:read users:read',
    username: EMAIL,
    token_type: 'access_token',
    sub: USER_ID,
    iss: 'https://auth.example.com',
    aud: 'https://auth.example.com',
    jti: '01a1fc27-5f45-7d09-a3b8-71f0d6c25e92',
    iat: 1795231801,
    exp: 1795232701,
  },
  KeySet: { keys: [Key] },
  IssuerMetadata: {
    issuer: 'https://auth.example.com',
    jwks_uri: 'https://auth.example.com/.well-known/jwks.json',
    response_types_supported: [],
    grant_types_supported: [],
    introspection_endpoint: 'https://auth.example.com/auth/introspect',
    revocation_endpoint: 'https://auth.example.com/auth/revoke',
    service_documentation: 'https://auth.example.com/docs',
  },
  Health: { status: 'healthy', environment: 'production' },
  UserList: { users: [User], next_cursor: null },
  UserToCreate: { email: EMAIL, name: NAME, roles: ['user', 'analyst'] },
  UserRename: { name: NAME },
  UserRoles: { roles: ['user', 'analyst'] },
  InvitationToMail: { email: EMAIL, roles: ['user'] },
  Role,
  RoleList: { roles: [Role], next_cursor: null },
  RoleToCreate: {
    name: Role.name,
    description: Role.description,
    permissions: Role.permissions,
  },
  RoleChange: { description: Role.description },
  RolePermissions: { permissions: Role.permissions },
  Permission,
  PermissionList: { permissions: [Permission], next_cursor: null },
  PermissionToCreate: { name: Permission.name, description: Permission.description },
  AuditEvent,
  AuditEventList: {
    audit_events: [{ ...AuditEvent, type: 'user_enabled', actor_id: ADMIN_ID, session_id: null }],
    next_cursor: null,
  },
}

/** Of the problems that name what is wrong. */
export const PROBLEM_ERRORS: Partial<Record<ProblemCode, readonly FieldError[]>> = {
  validation_failed: [{ path: 'email', message: 'must be an email address' }],
  weak_password: [{ path: 'password', message: 'must have at least 8 characters' }],
  configuration_invalid: [
    { path: 'AUTH_ISSUER', message: 'must be set to an https URL in production' },
  ],
}
