import { en } from 'zod/locales'
import * as z from 'zod/mini'
import { SECRET_DISTINCT_CHARACTERS } from './secret-values'

// Without it, zod/mini says of everything that it is invalid, and no more.
z.config(en())

// The forms that values of the configuration have. Messages name what is wrong, and never a value.

export const seconds = (fallback: number, minimum: number, maximum: number) =>
  z._default(
    z.coerce
      .number('must be a number of seconds')
      .check(
        z.int('must be a whole number of seconds'),
        z.minimum(minimum, `must be at least ${minimum}`),
        z.maximum(maximum, `must be at most ${maximum}`),
      ),
    fallback,
  )

export const days = (minimum: number) =>
  z.coerce
    .number('must be a number of days')
    .check(
      z.int('must be a whole number of days'),
      z.minimum(minimum, `must be at least ${minimum}`),
      z.maximum(36_500, 'must be at most 36500'),
    )

export const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, `must be one of ${values.join(', ')}`)

export const pepper = z
  .pipe(
    z
      .string('must be set')
      .check(
        z.regex(
          /^[A-Za-z0-9+/]{43}=$/,
          'must be 32 random bytes in base64 (try: openssl rand -base64 32)',
        ),
      ),
    z.transform((text: string) => Uint8Array.fromBase64(text)),
  )
  .check(
    z.refine(
      (bytes) => new Set(bytes).size >= SECRET_DISTINCT_CHARACTERS,
      'must be random (try: openssl rand -base64 32)',
    ),
  )

export const origin = z.pipe(
  z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
  z.transform((text: string) => new URL(text).origin),
)

/** In every token, which has an end. */
export const audience = z
  .string()
  .check(z.regex(/^[^\p{Cc}\p{Cs}]{1,300}$/u, 'must be 1 to 300 characters of one line'))

export const webhookUrl = z.pipe(
  z.url({ protocol: /^https?$/i, error: 'must be an http or https URL' }),
  z.transform((text: string) => new URL(text).href),
)

// As Standard Webhooks writes them: 24 to 64 bytes in base64 behind a prefix.
export const webhookSecret = z.pipe(
  z
    .string()
    .check(
      z.regex(
        /^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
        'must be whsec_ and 24 to 64 random bytes in base64',
      ),
    ),
  z.transform((text: string) => Uint8Array.fromBase64(text.slice('whsec_'.length))),
)

export const base64Url32 = z.string().check(z.regex(/^[\w-]{43}$/, 'must be 32 bytes in base64url'))

// An address, or `Name <address>`.
export const mailbox = z.pipe(
  z
    .string()
    .check(
      z.regex(
        /^(?:[^<>\p{Cc}]+ <[^<>\s@]+@[^<>\s@]+>|[^<>\s@]+@[^<>\s@]+)$/u,
        'must be an address, or Name <address>',
      ),
    ),
  z.transform((text: string) => {
    const [, name = '', email = text] = /^(.*) <(.*)>$/.exec(text) ?? []
    return { name, email }
  }),
)

// A JSON Web Key, written as JSON.
export const auditKey = z.pipe(
  z.string(),
  z.transform((text: string, { issues }) => {
    const parsed = AuditKey.safeParse(parseJson(text))
    if (parsed.success) return parsed.data
    issues.push({
      code: 'custom',
      message: 'must be an Ed25519 private key as a JWK (try: npm run --silent secrets)',
      input: text,
    })
    return z.NEVER
  }),
)
const AuditKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: base64Url32,
  d: base64Url32,
})

const KeyUse = z.object({
  d: z.optional(base64Url32),
  /** RFC 7517 §4.3: `sign` marks the one that signs, `verify` those that are published only. */
  key_ops: z.tuple([z.enum(['sign', 'verify'])]),
})
const SigningKeys = z.object({
  keys: z
    .array(
      z.discriminatedUnion('kty', [
        z.extend(KeyUse, { kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: base64Url32 }),
        z.extend(KeyUse, {
          kty: z.literal('EC'),
          crv: z.literal('P-256'),
          x: base64Url32,
          y: base64Url32,
        }),
      ]),
    )
    .check(z.minLength(1)),
})

/** A JWK Set of Ed25519 and P-256 keys, of which exactly one, private, signs. */
export const signingKeys = z.pipe(
  z.string(),
  z.transform((text: string, { issues }) => {
    const parsed = SigningKeys.safeParse(parseJson(text))
    const keys = (parsed.data?.keys ?? []).map(({ d, key_ops: [use], ...jwk }) => ({
      algorithm: jwk.kty === 'OKP' ? ('EdDSA' as const) : ('ES256' as const),
      jwk,
      use,
      privateJwk: use === 'sign' && d !== undefined ? { ...jwk, d } : null,
    }))
    const signers = keys.filter(({ use }) => use === 'sign')
    if (signers.length === 1 && signers[0]?.privateJwk) return keys
    issues.push({
      code: 'custom',
      message:
        'must be a JWK set with one private key that signs (try: npm run --silent keys -- new)',
      input: text,
    })
    return z.NEVER
  }),
)

/** What tells access tokens of the replaced system from its others: claims and their values, as JSON. */
export const legacyMarks = z.pipe(
  z.string(),
  z.transform((text: string, { issues }) => {
    const parsed = LegacyMarks.safeParse(parseJson(text))
    if (parsed.success) return parsed.data
    issues.push({
      code: 'custom',
      message:
        'must be the claims of an access token as a JSON object, such as {"type":"access"}, or {} where only access tokens have none',
      input: text,
    })
    return z.NEVER
  }),
)
const LegacyValue = z.union([z.string(), z.number(), z.boolean()])
const LegacyMarks = z.record(
  z.string().check(z.minLength(1)),
  z.union([LegacyValue, z.array(LegacyValue).check(z.minLength(1))]),
)

/** A time, in milliseconds since the epoch. */
export const time = z.pipe(
  z.iso.datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' }),
  z.transform((text: string) => Date.parse(text)),
)

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
