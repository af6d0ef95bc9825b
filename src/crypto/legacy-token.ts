import { jwtVerify } from 'jose'
import * as z from 'zod'
import { nullIfRefused } from './token'

/** What is taken of an access token that the replaced system issued; times in seconds. */
export type LegacyClaims = z.infer<typeof LegacyClaims>
const LegacyClaims = z.object({
  /** A user id or an email. */
  sub: z.union([z.string().min(1), z.int()]).transform(String),
  exp: z.number(),
  iat: z.number().optional(),
  // What says that it is for something else is no access token, and what has a session is ours.
  type: z.literal('access').optional(),
  token_type: z.literal('access').optional(),
  purpose: z.undefined().optional(),
  sid: z.undefined().optional(),
})

/** Null unless it is HS256 under that secret, in time, and neither a refresh token nor one of ours. */
export async function verifyLegacyToken(
  token: string,
  { secret, now }: { secret: string; now: number },
): Promise<LegacyClaims | null> {
  const key = new TextEncoder().encode(secret)
  const options = { algorithms: ['HS256'], currentDate: new Date(now) }
  const verified = await jwtVerify(token, key, options).catch(nullIfRefused)
  if ((verified?.protectedHeader.typ ?? 'JWT') !== 'JWT') return null
  const claims = LegacyClaims.safeParse(verified?.payload)
  return claims.success ? claims.data : null
}
