import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import * as z from 'zod/mini'
import { ALGORITHMS, type TokenKey } from './access-token-keys'
import type { SigningKeys } from './signing-keys'

// Both kinds of token are JWTs. What tells them apart is the key (one per purpose), the `typ` header and the
// `type` claim; verification pins all three, and each key has one algorithm (RFC 8725 §3.1, §3.11, §3.12).

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
  readonly signer: (keys: SigningKeys) => TokenKey
  readonly verifier: (keys: SigningKeys, kid: string) => TokenKey | undefined
}

export interface TokenExpectation {
  readonly keys: SigningKeys
  readonly issuer: string
  readonly audience: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** What was issued earlier is refused, in milliseconds since the epoch. */
  readonly notBefore?: number
  /** Accept a token whose only fault is its age; ending a session asks for no more. */
  readonly acceptExpired?: boolean
}

export function signToken(kind: TokenKind, claims: JWTPayload, keys: SigningKeys): Promise<string> {
  const { kid, algorithm, key } = kind.signer(keys)
  return new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: kind.typ, kid }).sign(key)
}

/** The claims, and the `kid` of the key that signed them; null for anything that is not such a token. */
export async function verifyToken<Claims extends { iat: number }>(
  token: string,
  kind: TokenKind,
  schema: z.ZodMiniType<Claims>,
  expected: TokenExpectation,
): Promise<{ claims: Claims; kid: string } | null> {
  if (!COMPACT_FORM.test(token)) return null
  const { keys, now, notBefore = 0 } = expected
  let signedBy = ''
  // Only a name to look up among our own keys; nothing else of the header chooses one (RFC 8725 §3.10).
  const keyOf = ({ kid = '', alg }: JWTHeaderParameters) => {
    const verifier = kind.verifier(keys, kid)
    if (verifier?.algorithm !== alg) throw new errors.JWKSNoMatchingKey()
    signedBy = kid
    return verifier.key
  }
  const claims = schema.safeParse(await verifiedPayload(token, keyOf, kind.typ, expected))
  if (!claims.success) return null
  const { iat } = claims.data
  if (iat > now / 1000 + CLOCK_SKEW_SECONDS || iat * 1000 < notBefore) return null
  return { claims: claims.data, kid: signedBy }
}

async function verifiedPayload(
  token: string,
  keyOf: (header: JWTHeaderParameters) => CryptoKey,
  typ: TokenKind['typ'],
  { issuer, audience, now, acceptExpired }: TokenExpectation,
): Promise<JWTPayload | null> {
  const currentDate = new Date(now)
  const options = { algorithms: [...ALGORITHMS], typ, issuer, audience, currentDate }
  try {
    return (await jwtVerify(token, keyOf, options)).payload
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
