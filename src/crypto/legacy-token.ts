import { jwtVerify } from 'jose'
import * as z from 'zod/mini'
import { nullIfRefused } from './token'

/** What is taken of an access token that the replaced system issued; times in seconds. */
export type LegacyClaims = z.infer<typeof LegacyClaims>
const LegacyClaims = z.object({
  /** A user id or an email. */
  sub: z.pipe(
    z.union([z.string().check(z.minLength(1)), z.int()]),
    z.transform((subject: string | number) => String(subject)),
  ),
  exp: z.number(),
  iat: z.optional(z.number()),
  // What says that it is for something else is no access token, and what has a session is ours.
  type: z.optional(z.literal('access')),
  token_type: z.optional(z.literal('access')),
  purpose: z.optional(z.undefined()),
  sid: z.optional(z.undefined()),
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
