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
  // What has a session is ours.
  sid: z.optional(z.undefined()),
})

/** By claim, what an access token of the replaced system says there: one of the values, where there are several. */
export type LegacyMarks = Readonly<Record<string, LegacyValue | readonly LegacyValue[]>>
type LegacyValue = string | number | boolean

/** By these claims systems tell their tokens apart: for a reset, a refresh, an address to confirm. */
const USES = [
  ...['action', 'intent', 'kind', 'operation', 'purpose', 'usage', 'use', 'token_use'],
  ...['type', 'typ', 'token_type', 'tokenType', 'scope', 'scopes', 'scp'],
  ...['password_fgpt', 'password_fingerprint', 'nonce', 'events'],
]

/**
 * Null unless it is HS256 under that secret, in time, and an access token of the replaced system: it says what `marks`
 * say, and of its use nothing else than `access`, and of its audience nothing else at all.
 */
export async function verifyLegacyToken(
  token: string,
  { secret, marks, now }: { secret: string; marks: LegacyMarks; now: number },
): Promise<LegacyClaims | null> {
  const key = new TextEncoder().encode(secret)
  const options = { algorithms: ['HS256'], currentDate: new Date(now) }
  const verified = await jwtVerify(token, key, options).catch(nullIfRefused)
  if ((verified?.protectedHeader.typ ?? 'JWT') !== 'JWT') return null
  const claims = LegacyClaims.safeParse(verified?.payload)
  return claims.success && isForAccess({ ...verified?.payload }, marks) ? claims.data : null
}

function isForAccess(claims: Readonly<Record<string, unknown>>, marks: LegacyMarks): boolean {
  const says = (name: string, ...allowed: readonly unknown[]) => {
    const told = listOf(claims[name])
    return told.length > 0 && told.every((value) => allowed.includes(value))
  }
  const isUnmarked = (name: string) => !Object.hasOwn(claims, name) || Object.hasOwn(marks, name)
  return (
    Object.entries(marks).every(([name, value]) => says(name, ...listOf(value))) &&
    USES.every((name) => isUnmarked(name) || says(name, 'access')) &&
    isUnmarked('aud')
  )
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined ? [] : [value]
}
