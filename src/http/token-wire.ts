import * as z from 'zod/mini'
import type { Introspection as StoredIntrospection } from '../auth/introspect-token'
import { type Answered, answer, named } from './named'

/** RFC 7662 §2.1, RFC 7009 §2.1. */
export const TokenInput = named(
  'TokenInput',
  z.object({
    token: z.string().check(z.minLength(1), z.maxLength(8192)),
    token_type_hint: z
      .optional(z.string().check(z.maxLength(100)))
      .check(z.describe('Not needed: a token tells what it is')),
  }),
)

export const Introspection = answer('Introspection', () =>
  z.object({
    active: z.boolean().check(z.describe('Where it is false there is nothing else')),
    scope: z.optional(z.string().check(z.describe('Permissions, separated by spaces'))),
    username: z.optional(z.string().check(z.describe('The email'))),
    email_verified: z.optional(z.boolean().check(z.describe('Whether that email is verified'))),
    token_type: z.optional(z.enum(['access_token', 'refresh_token', 'api_key'])),
    sub: z.optional(z.string()),
    iss: z.optional(z.string()),
    aud: z.optional(z.string()),
    jti: z.optional(z.string()),
    iat: z.optional(z.int()),
    exp: z.optional(z.int()),
  }),
)

const TYPES = { access: 'access_token', refresh: 'refresh_token', api_key: 'api_key' } as const

export function presentIntrospection(
  token: StoredIntrospection | null,
  { issuer, audience }: { issuer: string; audience: string },
): Answered<typeof Introspection> {
  if (!token) return { active: false }
  return {
    active: true,
    scope: token.permissions.join(' '),
    username: token.email,
    email_verified: token.isEmailVerified,
    token_type: TYPES[token.kind],
    sub: token.userId,
    iss: issuer,
    aud: token.kind === 'refresh' ? issuer : audience,
    jti: token.tokenId,
    iat: token.issuedAt,
    exp: token.expiresAt,
  }
}
