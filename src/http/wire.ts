import * as z from 'zod'
import { parseEmailAddress } from '../auth/email-address'
import type { IssuedSession } from '../auth/issue-session'
import { PASSWORD_MAX_LENGTH } from '../auth/password-policy'
import { AccessTokenClaims } from '../crypto/access-token'
import type { UserAccount } from '../store/users'

// What travels: snake_case JSON, times ISO 8601 in UTC, lifetimes in seconds.

const LONGEST_TOKEN = 4096

const Email = z
  .string()
  .max(320)
  .transform((text, { addIssue, value }) => {
    const email = parseEmailAddress(text)
    if (email) return email
    addIssue({ code: 'custom', message: 'must be an email address', input: value })
    return z.NEVER
  })

// U+0000 and lone surrogates would make two passwords hash alike.
const Password = z
  .string()
  .min(1, 'must not be empty')
  .refine(
    (text) => [...text].length <= PASSWORD_MAX_LENGTH,
    `must have at most ${PASSWORD_MAX_LENGTH} characters`,
  )
  .refine((text) => !text.includes('\0') && text.isWellFormed(), 'contains an invalid character')

const Name = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .refine((text) => [...text].length <= 100, 'must have at most 100 characters')
  .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'contains an invalid character')

const Token = z.string().max(LONGEST_TOKEN)

export const SignUpInput = z
  .object({
    email: Email,
    password: Password,
    name: Name.nullish(),
    full_name: Name.nullish().describe('Taken as `name` where that is missing'),
  })
  .meta({ id: 'SignUpInput' })

export const LogInInput = z.object({ email: Email, password: Password }).meta({ id: 'LogInInput' })

export const RefreshInput = z
  .object({ refresh_token: Token.optional() })
  .meta({ id: 'RefreshInput' })

export const LogOutInput = z.object({ refresh_token: Token.optional() }).meta({ id: 'LogOutInput' })

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
    refresh_token: z.string(),
    token_type: z.literal('bearer'),
    expires_in: z.int().describe('Seconds until the access token expires'),
    refresh_expires_in: z.int().describe('Seconds until the session ends if it is not refreshed'),
    user: User,
  })
  .meta({ id: 'Session' })

export const Message = z.object({ message: z.string() }).meta({ id: 'Message' })

export const Claims = AccessTokenClaims.meta({ id: 'Claims' })

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
    created_at: new Date(account.createdAt).toISOString(),
    last_login_at:
      account.lastLoginAt === null ? null : new Date(account.lastLoginAt).toISOString(),
  }
}

export function presentSession(issued: IssuedSession): z.infer<typeof Session> {
  return {
    access_token: issued.accessToken,
    refresh_token: issued.refreshToken,
    token_type: 'bearer',
    expires_in: issued.expiresIn,
    refresh_expires_in: issued.refreshExpiresIn,
    user: presentUser(issued.account),
  }
}
