import * as z from 'zod/mini'
import { parseEmailAddress } from '../auth/email-address'
import type { IssuedSession } from '../auth/issue-session'
import type { ListedSession } from '../auth/list-sessions'
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

export const LogOutInput = named(
  'LogOutInput',
  z.object({
    refresh_token: z.optional(Token),
    everywhere: z._default(z.boolean(), false).check(z.describe('End every session of the user')),
  }),
)

export const ForgotPasswordInput = named(
  'ForgotPasswordInput',
  z.object({ email: Email, turnstile_token: TurnstileToken }),
)

export const EmailInput = named('EmailInput', z.object({ email: Email }))
export const LinkInput = named('LinkInput', z.object({ token: Token }))

export const ResetPasswordInput = named(
  'ResetPasswordInput',
  z.object({ token: Token, new_password: Password }),
)

export const ChangePasswordInput = named(
  'ChangePasswordInput',
  z.object({
    current_password: Password,
    new_password: Password,
    transport: z
      .optional(AnyTransport)
      .check(
        z.describe(
          'As at login. Where the refresh cookie of this session comes along, the answer always goes into it',
        ),
      ),
  }),
)

export const ChangeEmailInput = named(
  'ChangeEmailInput',
  z.object({ password: Password, new_email: Email }),
)

export const ChangeNameInput = named('ChangeNameInput', z.object({ name: z.nullable(Name) }))
export const DeleteAccountInput = named('DeleteAccountInput', z.object({ password: Password }))

export const SessionId = z.object({
  id: z
    .string()
    .check(
      z.maxLength(64),
      z.meta({ description: '`id` in the list of sessions', examples: [EXAMPLE_SESSION_ID] }),
    ),
})

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

/** The session of who has changed their password, under new tokens. */
export const PasswordChanged = answer('PasswordChanged', () =>
  z.extend(Session(), { message: z.string() }),
)

/** An account that has to verify its email before there can be a session. */
export const SignedUp = answer('SignedUp', () => z.object({ user: User() }))

/** Where else a session was given the tokens that somebody had just refreshed. */
export const OtherNetworks = () =>
  z
    .array(z.object({ ip: z.nullable(z.string()), at: z.iso.datetime() }))
    .check(
      z.describe(
        'Other networks in which its tokens were refreshed at the same time as here, and since when. From the fourth in a day on it has to be authenticated again',
      ),
    )

const ListedSessionFields = () =>
  z.object({
    id: z.string(),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    ip: z.nullable(z.string()),
    user_agent: z.nullable(z.string()),
    other_networks: OtherNetworks(),
  })

export const SessionList = answer('SessionList', () =>
  z.object({ sessions: z.array(z.extend(ListedSessionFields(), { current: z.boolean() })) }),
)

/** Of somebody else. */
export const UserSessionList = answer('UserSessionList', () =>
  z.object({ sessions: z.array(ListedSessionFields()) }),
)

export const Message = answer('Message', () => z.object({ message: z.string() }))

export const Claims = answer('Claims', () => VerifiedClaims)

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

export function presentSessions(sessions: readonly ListedSession[]): Answered<typeof SessionList> {
  return {
    sessions: sessions.map((session) => ({
      ...presentListedSession(session),
      current: session.isCurrent,
    })),
  }
}

export function presentListedSession(
  session: Omit<ListedSession, 'isCurrent'>,
): Answered<typeof ListedSessionFields> {
  return {
    id: session.id,
    created_at: isoTime(session.issuedAt),
    last_used_at: isoTime(session.lastUsedAt),
    expires_at: isoTime(session.expiresAt),
    ip: session.ip,
    user_agent: session.userAgent,
    other_networks: presentOtherNetworks(session.otherNetworks),
  }
}

export function presentOtherNetworks(
  networks: ListedSession['otherNetworks'],
): Answered<typeof OtherNetworks> {
  return networks.map(({ ip, at }) => ({ ip, at: isoTime(at) }))
}

export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
