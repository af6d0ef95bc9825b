import * as z from 'zod'
import { parseEmailAddress } from '../auth/email-address'
import type { IssuedSession } from '../auth/issue-session'
import type { ListedSession } from '../auth/list-sessions'
import { VerifiedClaims } from '../crypto/access-token'
import type { UserAccount } from '../store/users'
import { SESSION_ID } from './examples'

// What travels: snake_case JSON, times ISO 8601 in UTC, lifetimes in seconds.

const LONGEST_TOKEN = 4096
const LONGEST_PASSWORD = 128

export const Email = z
  .string()
  .max(320)
  .transform((text, { addIssue, value }) => {
    const email = parseEmailAddress(text)
    if (email) return email
    addIssue({ code: 'custom', message: 'must be an email address', input: value })
    return z.NEVER
  })
  .meta({ format: 'idn-email' })

// U+0000 and lone surrogates would make two passwords hash alike.
export const Password = z
  .string()
  .min(1, 'must not be empty')
  .refine(
    (text) => [...text].length <= LONGEST_PASSWORD,
    `must have at most ${LONGEST_PASSWORD} characters`,
  )
  .refine((text) => !text.includes('\0') && text.isWellFormed(), 'contains an invalid character')
  .meta({ maxLength: LONGEST_PASSWORD })

export const Name = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .refine((text) => [...text].length <= 100, 'must have at most 100 characters')
  .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'contains an invalid character')
  .meta({ maxLength: 100 })

const Token = z.string().max(LONGEST_TOKEN)

const TurnstileToken = z
  .string()
  .max(2048)
  .optional()
  .describe('Of a Cloudflare Turnstile challenge, where 403 `challenge_required` asked for one')

export type Transport = z.infer<typeof Transport>
const Transport = z
  .enum(['body', 'cookie'])
  .default('body')
  .describe('Where the refresh token travels: in the body, or in a cookie that no script can read')

export const SignUpInput = z
  .object({
    email: Email,
    password: Password,
    name: Name.nullish(),
    full_name: Name.nullish().describe('Taken as `name` where that is missing'),
    invitation: Token.nullish().describe('The token of an invitation, where one is needed'),
    turnstile_token: TurnstileToken,
    transport: Transport,
  })
  .meta({ id: 'SignUpInput' })

export const LogInInput = z
  .object({
    email: Email,
    password: Password,
    turnstile_token: TurnstileToken,
    transport: Transport,
  })
  .meta({ id: 'LogInInput' })

export const RefreshInput = z
  .object({
    refresh_token: Token.optional().describe('May be left out where the cookie has it'),
    transport: Transport,
  })
  .meta({ id: 'RefreshInput' })

export const LogOutInput = z
  .object({
    refresh_token: Token.optional(),
    everywhere: z.boolean().default(false).describe('End every session of the user'),
  })
  .meta({ id: 'LogOutInput' })

export const ForgotPasswordInput = z
  .object({ email: Email, turnstile_token: TurnstileToken })
  .meta({ id: 'ForgotPasswordInput' })

export const EmailInput = z.object({ email: Email }).meta({ id: 'EmailInput' })
export const LinkInput = z.object({ token: Token }).meta({ id: 'LinkInput' })

export const ResetPasswordInput = z
  .object({ token: Token, new_password: Password })
  .meta({ id: 'ResetPasswordInput' })

export const ChangePasswordInput = z
  .object({ current_password: Password, new_password: Password })
  .meta({ id: 'ChangePasswordInput' })

export const ChangeEmailInput = z
  .object({ password: Password, new_email: Email })
  .meta({ id: 'ChangeEmailInput' })

export const ChangeNameInput = z.object({ name: Name.nullable() }).meta({ id: 'ChangeNameInput' })
export const DeleteAccountInput = z
  .object({ password: Password })
  .meta({ id: 'DeleteAccountInput' })

export const SessionId = z.object({
  id: z
    .string()
    .max(64)
    .meta({ description: '`id` in the list of sessions', examples: [SESSION_ID] }),
})

export const User = z
  .object({
    id: z.string(),
    email: z.string(),
    name: z.string().nullable(),
    is_active: z.boolean(),
    email_verified: z.boolean(),
    roles: z.array(z.string()),
    permissions: z.array(z.string()),
    created_at: z.iso.datetime(),
    last_login_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'User' })

export const Session = z
  .object({
    access_token: z.string(),
    refresh_token: z.string().optional().describe('Left out where the cookie has it'),
    token_type: z.literal('bearer'),
    expires_in: z.int().describe('Seconds until the access token expires'),
    refresh_expires_in: z.int().describe('Seconds until the session ends if it is not refreshed'),
    user: User,
  })
  .meta({ id: 'Session' })

/** An account that has to verify its email before there can be a session. */
export const SignedUp = z.object({ user: User }).meta({ id: 'SignedUp' })

const ListedSessionFields = z.object({
  id: z.string(),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
})

export const SessionList = z
  .object({ sessions: z.array(ListedSessionFields.extend({ current: z.boolean() })) })
  .meta({ id: 'SessionList' })

/** Of somebody else. */
export const UserSessionList = z
  .object({ sessions: z.array(ListedSessionFields) })
  .meta({ id: 'UserSessionList' })

export const Message = z.object({ message: z.string() }).meta({ id: 'Message' })

export const Claims = VerifiedClaims.meta({ id: 'Claims' })

export const Health = z
  .object({ status: z.literal('healthy'), environment: z.enum(['development', 'production']) })
  .meta({ id: 'Health' })

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    request_id: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })

export function presentUser(account: UserAccount): z.infer<typeof User> {
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
export function presentSession(issued: IssuedSession): z.infer<typeof Session> {
  return {
    access_token: issued.accessToken,
    token_type: 'bearer',
    expires_in: issued.expiresIn,
    refresh_expires_in: issued.refreshExpiresIn,
    user: presentUser(issued.account),
  }
}

export function presentSessions(sessions: readonly ListedSession[]): z.infer<typeof SessionList> {
  return {
    sessions: sessions.map((session) => ({
      ...presentListedSession(session),
      current: session.isCurrent,
    })),
  }
}

export function presentListedSession(
  session: Omit<ListedSession, 'isCurrent'>,
): z.infer<typeof ListedSessionFields> {
  return {
    id: session.id,
    created_at: isoTime(session.issuedAt),
    last_used_at: isoTime(session.lastUsedAt),
    expires_at: isoTime(session.expiresAt),
    ip: session.ip,
    user_agent: session.userAgent,
  }
}

export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
