import * as z from 'zod'
import type { Introspection as StoredIntrospection } from '../auth/introspect-token'

/** RFC 7662 §2.1, RFC 7009 §2.1. */
export const TokenInput = z
  .object({
    token: z.string().min(1).max(8192),
    token_type_hint: z
      .string()
      .max(100)
      .optional()
      .describe('Not needed: a token tells what it is'),
  })
  .meta({ id: 'TokenInput' })

export const Introspection = z
  .object({
    active: z.boolean().describe('Where it is false there is nothing else'),
    scope: z.string().describe('Permissions, separated by spaces').optional(),
    username: z.string().describe('The email').optional(),
    token_type: z.enum(['access_token', 'refresh_token', 'api_key']).optional(),
    sub: z.string().optional(),
    iss: z.string().optional(),
    aud: z.string().optional(),
    jti: z.string().optional(),
    iat: z.int().optional(),
    exp: z.int().optional(),
  })
  .meta({ id: 'Introspection' })

const TYPES = { access: 'access_token', refresh: 'refresh_token', api_key: 'api_key' } as const

export function presentIntrospection(
  token: StoredIntrospection | null,
  { issuer, audience }: { issuer: string; audience: string },
): z.infer<typeof Introspection> {
  if (!token) return { active: false }
  return {
    active: true,
    scope: token.permissions.join(' '),
    username: token.email,
    token_type: TYPES[token.kind],
    sub: token.userId,
    iss: issuer,
    aud: token.kind === 'refresh' ? issuer : audience,
    jti: token.tokenId,
    iat: token.issuedAt,
    ...(token.expiresAt !== null && { exp: token.expiresAt }),
  }
}
