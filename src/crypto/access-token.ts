import type { JWTPayload } from 'jose'
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
  roles: z._default(z.array(z.string()), []),
  /** The token says nothing of them: the service is to be asked. */
  roles_omitted: z.optional(z.literal(true)),
  permissions: z._default(z.array(z.string()), []),
  permissions_omitted: z.optional(z.literal(true)),
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

/** Characters of the payload: with the rest, what a header and a cookie have room for everywhere. */
export const LONGEST_PAYLOAD = 4096

/** Where there is no room for its permissions, and then its roles, the token says that it leaves them out. */
export function signAccessToken(claims: AccessTokenClaims, keys: SigningKeys): Promise<string> {
  return signToken(KIND, fittingClaims(claims), keys)
}

/** The same for the hosted pages, which ask D1 what their visitor may: without roles and permissions. */
export function signPageToken(claims: AccessTokenClaims, keys: SigningKeys): Promise<string> {
  return signToken(KIND, withoutRoles(withoutPermissions(claims)), keys)
}

function fittingClaims(claims: AccessTokenClaims): JWTPayload {
  if (payloadLength(claims) <= LONGEST_PAYLOAD) return claims
  const withRoles = withoutPermissions(claims)
  return payloadLength(withRoles) <= LONGEST_PAYLOAD ? withRoles : withoutRoles(withRoles)
}

function withoutPermissions({ permissions: _, ...claims }: AccessTokenClaims) {
  return { ...claims, permissions_omitted: true as const }
}

function withoutRoles({ roles: _, ...claims }: ReturnType<typeof withoutPermissions>) {
  return { ...claims, roles_omitted: true as const }
}

function payloadLength(claims: JWTPayload): number {
  const { length } = new TextEncoder().encode(JSON.stringify(claims))
  return Math.ceil((length * 4) / 3)
}

/** Null unless it is an access token of ours, for this issuer and audience, and in time. */
export async function verifyAccessToken(
  token: string,
  expected: TokenExpectation,
): Promise<AccessTokenClaims | null> {
  return (await verifyToken(token, KIND, AccessTokenClaims, expected))?.claims ?? null
}
