import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import * as z from 'zod'
import type { SigningKey, SigningKeys } from './signing-keys'

// Both kinds of token are HMAC-signed JWTs. What tells them apart is the key (one per purpose), the `typ`
// header and the `type` claim; verification pins all three (RFC 8725 §3.11, §3.12).

const CLOCK_SKEW_SECONDS = 60

/** One token, one spelling: decoders forgive white space and padding. */
const COMPACT_FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** What both kinds claim (RFC 7519 §4.1); times in seconds. */
export const SessionTokenClaims = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: z.string(),
  /** The session. */
  sid: z.string(),
  jti: z.string(),
  iat: z.int(),
  exp: z.int(),
})

export interface TokenKind {
  readonly typ: 'at+jwt' | 'rt+jwt'
  readonly key: (key: SigningKey) => CryptoKey
}

export interface TokenExpectation {
  readonly keys: SigningKeys
  readonly issuer: string
  readonly audience: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Accept a token whose only fault is its age; ending a session asks for no more. */
  readonly acceptExpired?: boolean
}

export function signToken(kind: TokenKind, claims: JWTPayload, { current }: SigningKeys) {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: kind.typ, kid: current.kid })
    .sign(kind.key(current))
}

/** The claims, and the key that signed them; null for anything that is not such a token. */
export async function verifyToken<Claims extends { iat: number }>(
  token: string,
  kind: TokenKind,
  schema: z.ZodType<Claims>,
  expected: TokenExpectation,
): Promise<{ claims: Claims; signedBy: SigningKey } | null> {
  const signedBy = expected.keys.byKid.get(keyId(token) ?? '')
  if (!signedBy || !COMPACT_FORM.test(token)) return null
  const payload = await verifiedPayload(token, kind.key(signedBy), kind.typ, expected)
  const claims = schema.safeParse(payload)
  if (!claims.success) return null
  if (claims.data.iat > expected.now / 1000 + CLOCK_SKEW_SECONDS) return null
  return { claims: claims.data, signedBy }
}

// Only a name to look up among our own keys; nothing else of the header chooses one (RFC 8725 §3.10).
function keyId(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid
  } catch {
    return undefined
  }
}

async function verifiedPayload(
  token: string,
  key: CryptoKey,
  typ: TokenKind['typ'],
  { issuer, audience, now, acceptExpired }: TokenExpectation,
): Promise<JWTPayload | null> {
  const currentDate = new Date(now)
  const options = { algorithms: ['HS256'], typ, issuer, audience, currentDate }
  try {
    return (await jwtVerify(token, key, options)).payload
  } catch (error) {
    // jose looks at the expiry last, after the signature and every other claim.
    if (acceptExpired && error instanceof errors.JWTExpired) return error.payload
    return nullIfRefused(error)
  }
}

/** Null for what jose says of a bad token; anything else is a fault of ours. */
export function nullIfRefused(error: unknown): null {
  if (error instanceof errors.JOSEError) return null
  throw error
}
