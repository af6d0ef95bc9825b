import { errors, type JWTPayload, jwtVerify } from 'jose'
import * as z from 'zod'

/** What is taken of an access token that the replaced system issued; times in seconds. */
export type LegacyClaims = z.infer<typeof LegacyClaims>
const LegacyClaims = z.object({
  /** A user id or an email. */
  sub: z.string().min(1),
  exp: z.number(),
  iat: z.number().optional(),
  // Its refresh tokens say so, and ours have a session: neither is one of its access tokens.
  type: z.literal('access').optional(),
  sid: z.undefined().optional(),
})

/** Null unless it is HS256 under that secret, in time, and neither a refresh token nor one of ours. */
export async function verifyLegacyToken(
  token: string,
  { secret, now }: { secret: string; now: number },
): Promise<LegacyClaims | null> {
  const claims = LegacyClaims.safeParse(await verifiedPayload(token, secret, now))
  return claims.success ? claims.data : null
}

async function verifiedPayload(
  token: string,
  secret: string,
  now: number,
): Promise<JWTPayload | null> {
  const key = new TextEncoder().encode(secret)
  try {
    const options = { algorithms: ['HS256'], currentDate: new Date(now) }
    const { payload, protectedHeader } = await jwtVerify(token, key, options)
    return (protectedHeader.typ ?? 'JWT') === 'JWT' ? payload : null
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}
