import * as z from 'zod/mini'
import type { SigningKeys } from './signing-keys'
import {
  SessionTokenClaims,
  signToken,
  type TokenExpectation,
  type TokenKind,
  verifyToken,
} from './token'

const KIND: TokenKind = {
  typ: 'at+jwt',
  signer: ({ accessTokens }) => accessTokens.signer,
  verifier: ({ accessTokens }, kid) => accessTokens.verifiers.get(kid),
}

/** Claims of an access token (RFC 9068 §2.2). */
export type AccessTokenClaims = z.infer<typeof AccessTokenClaims>
export const AccessTokenClaims = z.extend(SessionTokenClaims, {
  /** When the session began with a password. */
  auth_time: z.int(),
  type: z.literal('access'),
  email: z.string(),
  /** Whether its user has shown that they read that mail. Tokens from before there was this claim do not say so. */
  email_verified: z._default(z.boolean(), false),
  roles: z.array(z.string()),
  permissions: z.array(z.string()),
  /** The user's `auth_epoch`: once a higher one is published, this token no longer counts. */
  epoch: z.int(),
})

/** What a verified token says; one of the replaced system has no session. */
export type VerifiedClaims = z.infer<typeof VerifiedClaims>
export const VerifiedClaims = z.partial(AccessTokenClaims, {
  sid: true,
  jti: true,
  auth_time: true,
})

export function signAccessToken(claims: AccessTokenClaims, keys: SigningKeys): Promise<string> {
  return signToken(KIND, claims, keys)
}

/** Null unless it is an access token of ours, for this issuer and audience, and in time. */
export async function verifyAccessToken(
  token: string,
  expected: TokenExpectation,
): Promise<AccessTokenClaims | null> {
  return (await verifyToken(token, KIND, AccessTokenClaims, expected))?.claims ?? null
}
