import * as z from 'zod/mini'
import { parseEmailAddress } from '../auth/email-address'
import type { IssuedSession } from '../auth/issue-session'
import { VerifiedClaims } from '../crypto/access-token'
import type { UserAccount } from '../store/users'
import { type Answered, answer, named } from './named'

// What travels: snake_case JSON, times ISO 8601 in UTC, lifetimes in seconds.

export const EXAMPLE_SESSION_ID = '01a1fc25-bba1-7c3e-8f52-3d0a6e1b9c47'

const LONGEST_TOKEN = 4096
const LONGEST_PASSWORD = 128

export const Email = z
  .pipe(
    z.string().check(z.maxLength(320)),
    z.transform((text: string, { issues }) => {
      const email = parseEmailAddress(text)
      if (email) return email
      issues.push({ code: 'custom', message: 'must be an email address', input: text })
      return z.NEVER
    }),
  )
  .check(z.meta({ format: 'idn-email' }))

// U+0000 and lone surrogates would make two passwords hash alike.
export const Password = z.string().check(
  z.minLength(1, 'must not be empty'),
  z.refine(
    (text) => [...text].length <= LONGEST_PASSWORD,
    `must have at most ${LONGEST_PASSWORD} characters`,
  ),
  z.refine((text) => !text.includes('\0') && text.isWellFormed(), 'contains an invalid character'),
  z.meta({ maxLength: LONGEST_PASSWORD }),
)

export const Name = z.string().check(
  z.trim(),
  z.minLength(1, 'must not be empty'),
  z.refine((text) => [...text].length <= 100, 'must have at most 100 characters'),
  z.refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'contains an invalid character'),
  z.meta({ maxLength: 100 }),
)

const Token = z.string().check(z.maxLength(LONGEST_TOKEN))

const TurnstileToken = z
  .optional(z.string().check(z.maxLength(2048)))
  .check(
    z.describe('Of a Cloudflare Turnstile challenge, where 403 `challenge_required` asked for one'),
  )

export type Transport = z.infer<typeof Transport>
const AnyTransport = z.enum(['body', 'cookie'])
const Transport = z
  ._default(AnyTransport, 'body')
  .check(
    z.describe(
      'Where the refresh token travels: in the body, or in a cookie that no script can read',
    ),
  )

export const SignUpInput = named(
  'SignUpInput',
  z.object({
    email: Email,
    password: Password,
    name: z.nullish(Name),
    full_name: z.nullish(Name).check(z.describe('Taken as `name` where that is missing')),
    invitation: z
      .nullish(Token)
      .check(z.describe('The token of an invitation, where one is needed')),
    turnstile_token: TurnstileToken,
    transport: Transport,
  }),
)

export const LogInInput = named(
  'LogInInput',
  z.object({
    email: Email,
    password: Password,
    turnstile_token: TurnstileToken,
    transport: Transport,
  }),
)

export const RefreshInput = named(
  'RefreshInput',
  z.object({
    refresh_token: z.optional(Token).check(z.describe('May be left out where the cookie has it')),
    transport: Transport,
  }),
)

const KeepApiKeys = z
  .nullish(z.boolean())
  .check(z.describe('Leave your API keys as they are; without it they end'))

export const LogOutInput = named(
  'LogOutInput',
  z.object({
    refresh_token: z.optional(Token),
    everywhere: z._default(z.boolean(), false).check(z.describe('End every session of the user')),
    keep_api_keys: KeepApiKeys,
  }),
)

export const ForgotPasswordInput = named(
  'ForgotPasswordInput',
  z.object({ email: Email, turnstile_token: TurnstileToken }),
)

export const EmailInput = named('EmailInput', z.object({ email: Email }))
export const LinkInput = named('LinkInput', z.object({ token: Token }))

export const ProvenLinkInput = named(
  'ProvenLinkInput',
  z
    .object({
      token: Token,
      password: z
        .optional(Password)
        .check(z.describe('That of the account, where its own access token does not come along')),
      new_password: z
        .optional(Password)
        .check(z.describe('Takes the place of the old one, and ends all that was there before')),
    })
    .check(
      z.refine(({ password, new_password }) => !(password && new_password), {
        path: ['password'],
        message: 'must be left out where there is a new one',
      }),
    ),
)

export const ResetPasswordInput = named(
  'ResetPasswordInput',
  z.object({ token: Token, new_password: Password }),
)

export const ChangePasswordInput = named(
  'ChangePasswordInput',
  z.object({
    current_password: Password,
    new_password: Password,
    keep_api_keys: KeepApiKeys,
    transport: z
      .optional(AnyTransport)
      .check(
        z.describe(
          'As at login. Where the refresh cookie of this session comes along, the answer always goes into it',
        ),
      ),
  }),
)

export const EndOtherSessionsInput = named(
  'EndOtherSessionsInput',
  z.object({ keep_api_keys: KeepApiKeys }),
)

export const ChangeEmailInput = named(
  'ChangeEmailInput',
  z.object({ password: Password, new_email: Email }),
)

export const ChangeNameInput = named('ChangeNameInput', z.object({ name: z.nullable(Name) }))
export const DeleteAccountInput = named('DeleteAccountInput', z.object({ password: Password }))

export const User = answer('User', () =>
  z.object({
    id: z.string(),
    email: z.string(),
    name: z.nullable(z.string()),
    is_active: z.boolean(),
    email_verified: z.boolean(),
    roles: z.array(z.string()),
    permissions: z.array(z.string()),
    created_at: z.iso.datetime(),
    last_login_at: z.nullable(z.iso.datetime()),
  }),
)

export const Session = answer('Session', () =>
  z.object({
    access_token: z.string(),
    refresh_token: z.optional(z.string()).check(z.describe('Left out where the cookie has it')),
    token_type: z.literal('bearer'),
    expires_in: z.int().check(z.describe('Seconds until the access token expires')),
    refresh_expires_in: z
      .int()
      .check(z.describe('Seconds until the session ends if it is not refreshed')),
    user: User(),
  }),
)

/** The session whose user has changed the password, under new tokens. */
export const PasswordChanged = answer('PasswordChanged', () =>
  z.extend(Session(), { message: z.string() }),
)

/** An account that has to verify its email before there can be a session. */
export const SignedUp = answer('SignedUp', () => z.object({ user: User() }))

export const Message = answer('Message', () => z.object({ message: z.string() }))

/** Of a token that leaves roles or permissions out, the service has them from D1. */
export const Claims = answer('Claims', () =>
  z.extend(z.omit(VerifiedClaims, { roles_omitted: true, permissions_omitted: true }), {
    roles: z.array(z.string()),
    permissions: z.array(z.string()),
  }),
)

export const Health = answer('Health', () =>
  z.object({ status: z.literal('healthy'), environment: z.enum(['development', 'production']) }),
)

export const Problem = answer('Problem', () =>
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    request_id: z.string(),
    errors: z.optional(z.array(z.object({ path: z.string(), message: z.string() }))),
  }),
)

export function presentUser(account: UserAccount): Answered<typeof User> {
  return {
    id: account.id,
    email: account.email,
    name: account.name,
    is_active: account.isActive,
    email_verified: account.emailVerifiedAt !== null,
    roles: [...account.roles],
    permissions: [...account.permissions],
    created_at: isoTime(account.createdAt),
    last_login_at: account.lastLoginAt === null ? null : isoTime(account.lastLoginAt),
  }
}

/** Without the refresh token, which travels in the body or in a cookie. */
export function presentSession(issued: IssuedSession): Answered<typeof Session> {
  return {
    access_token: issued.accessToken,
    token_type: 'bearer',
    expires_in: issued.expiresIn,
    refresh_expires_in: issued.refreshExpiresIn,
    user: presentUser(issued.account),
  }
}

export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
