import * as z from 'zod'

const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const
const CHARACTER_CLASSES = ['upper', 'lower', 'digit', 'special'] as const
const SECRET_BYTES = 32
const SECRET_DISTINCT_CHARACTERS = 10

export type LogLevel = (typeof LOG_LEVELS)[number]
export type CharacterClass = (typeof CHARACTER_CLASSES)[number]

/** What the deployment decides; lifetimes in seconds. README has a table of the variables. */
export type Config = ReturnType<typeof parseConfig>

/** Names each variable that is missing or wrong, and never a value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly problems: readonly { variable: string; message: string }[]

  constructor(problems: readonly { variable: string; message: string }[]) {
    super(problems.map(({ variable, message }) => `${variable} ${message}`).join('; '))
    this.problems = problems
  }
}

const seconds = (fallback: number, minimum: number, maximum: number) =>
  z.coerce
    .number('must be a number of seconds')
    .int('must be a whole number of seconds')
    .min(minimum, `must be at least ${minimum}`)
    .max(maximum, `must be at most ${maximum}`)
    .default(fallback)

const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, `must be one of ${values.join(', ')}`)

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  )

const secret = z
  .string()
  .refine(
    (text) => new TextEncoder().encode(text).length >= SECRET_BYTES,
    `must be at least ${SECRET_BYTES} bytes`,
  )
  .refine(
    (text) => new Set(text).size >= SECRET_DISTINCT_CHARACTERS,
    'must be random (try: openssl rand -base64 48)',
  )

const secrets = list.pipe(
  z.tuple([secret], secret, 'must hold at least one secret (or set AUTH_SECRET)'),
)

const pepper = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, 'must be 32 random bytes in base64 (try: openssl rand -base64 32)')
  .transform((text) => Uint8Array.fromBase64(text))
  .refine(
    (bytes) => new Set(bytes).size >= SECRET_DISTINCT_CHARACTERS,
    'must be random (try: openssl rand -base64 32)',
  )

const PEPPER_VERSIONS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const
type PepperName = `PASSWORD_PEPPER_V${(typeof PEPPER_VERSIONS)[number]}`
const peppers = Object.fromEntries(
  PEPPER_VERSIONS.map((version) => [`PASSWORD_PEPPER_V${version}`, pepper.optional()]),
) as Record<PepperName, z.ZodOptional<typeof pepper>>

const origin = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .transform((text) => new URL(text).origin)

// As Standard Webhooks writes them: 24 to 64 bytes in base64 behind a prefix.
const webhookSecret = z
  .string()
  .regex(
    /^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
    'must be whsec_ and 24 to 64 random bytes in base64',
  )
  .transform((text) => Uint8Array.fromBase64(text.slice('whsec_'.length)))

const base64Url32 = z.string().regex(/^[\w-]{43}$/, 'must be 32 bytes in base64url')

// An address, or `Name <address>`.
const mailbox = z
  .string()
  .regex(
    /^(?:[^<>\p{Cc}]+ <[^<>\s@]+@[^<>\s@]+>|[^<>\s@]+@[^<>\s@]+)$/u,
    'must be an address, or Name <address>',
  )
  .transform((text) => {
    const [, name = '', email = text] = /^(.*) <(.*)>$/.exec(text) ?? []
    return { name, email }
  })

// A JSON Web Key, written as JSON.
const auditKey = z.string().transform((text, { addIssue, value }) => {
  const parsed = AuditKey.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  addIssue({
    code: 'custom',
    message: 'must be an Ed25519 private key as a JWK (try: npm run --silent secrets)',
    input: value,
  })
  return z.NEVER
})
const AuditKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: base64Url32,
  d: base64Url32,
})

type Variables = z.infer<typeof Variables>
const Variables = z
  .object({
    ENVIRONMENT: oneOf(['development', 'production']).default('production'),
    LOG_LEVEL: oneOf(LOG_LEVELS).default('INFO'),
    AUTH_SECRETS: secrets,
    ...peppers,
    AUTH_ISSUER: origin.optional(),
    AUTH_AUDIENCE: z.string().optional(),
    AUTH_ACCESS_TTL: seconds(900, 30, 3600),
    AUTH_REFRESH_TTL: seconds(604_800, 300, 31_536_000),
    AUTH_SESSION_TTL: seconds(2_592_000, 300, 31_536_000),
    AUTH_REFRESH_GRACE: seconds(10, 1, 60),
    AUTH_LEGACY_SECRET: secret.optional(),
    AUTH_LEGACY_UNTIL: z.iso
      .datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' })
      .transform((text) => Date.parse(text))
      .optional(),
    AUDIT_SIGNING_KEY: auditKey.optional(),
    AUDIT_TRUSTED_KEYS: list.pipe(z.array(base64Url32)),
    AUDIT_RETENTION_DAYS: z.coerce
      .number('must be a number of days')
      .int('must be a whole number of days')
      .min(1, 'must be at least 1')
      .max(36_500, 'must be at most 36500')
      .optional(),
    WEBHOOK_URL: z
      .url({ protocol: /^https?$/i, error: 'must be an http or https URL' })
      .transform((text) => new URL(text).href)
      .optional(),
    WEBHOOK_SECRET: list.pipe(z.array(webhookSecret)),
    RATE_LIMIT: oneOf(['on', 'off']).default('on'),
    TURNSTILE_SECRET: z.string().optional(),
    MAIL_FROM: mailbox.optional(),
    SERVICE_NAME: z
      .string()
      .regex(/^\P{Cc}{1,50}$/u, 'must be 1 to 50 characters of one line')
      .default('Gatehouse'),
    EMAIL_VERIFICATION: oneOf(['off', 'optional', 'required']).default('off'),
    SIGNUP: oneOf(['open', 'invite', 'closed']).default('open'),
    PASSWORD_BREACH_CHECK: oneOf(['off', 'hibp']).default('off'),
    FRONTEND_URL: list.pipe(z.array(origin)),
    PASSWORD_MIN_LENGTH: z.coerce.number().int().min(8).max(64).default(8),
    PASSWORD_REQUIRE: list.pipe(z.array(oneOf(CHARACTER_CLASSES))),
    PASSWORD_ITERATIONS: z.coerce.number().int().min(10_000).max(100_000).default(100_000),
  })
  .superRefine((variables, { addIssue }) => {
    const refuse = (variable: string, message: string) =>
      addIssue({ code: 'custom', path: [variable], message })
    if (peppersOf(variables).peppers.size === 0) refuse('PASSWORD_PEPPER_V1', 'must be set')
    if (
      (variables.AUTH_LEGACY_SECRET === undefined) !==
      (variables.AUTH_LEGACY_UNTIL === undefined)
    ) {
      refuse('AUTH_LEGACY_UNTIL', 'must be set together with AUTH_LEGACY_SECRET')
    }
    if ((variables.WEBHOOK_URL === undefined) !== (variables.WEBHOOK_SECRET.length === 0)) {
      refuse('WEBHOOK_SECRET', 'must be set together with WEBHOOK_URL')
    }
    if (variables.AUTH_REFRESH_TTL < variables.AUTH_ACCESS_TTL) {
      refuse('AUTH_REFRESH_TTL', 'must not be less than AUTH_ACCESS_TTL')
    }
    if (variables.ENVIRONMENT !== 'production') return
    if (!variables.AUTH_ISSUER?.startsWith('https:')) {
      refuse('AUTH_ISSUER', 'must be set to an https URL in production')
    }
    if (variables.WEBHOOK_URL?.startsWith('http:')) {
      refuse('WEBHOOK_URL', 'must be https in production')
    }
    if (variables.FRONTEND_URL[0]?.startsWith('http:')) {
      refuse('FRONTEND_URL', 'must begin with an https origin in production: mails link to it')
    }
    if (variables.RATE_LIMIT === 'off') refuse('RATE_LIMIT', 'must be on in production')
    if (!variables.MAIL_FROM) refuse('MAIL_FROM', 'must be set in production')
    if (!variables.AUDIT_SIGNING_KEY) refuse('AUDIT_SIGNING_KEY', 'must be set in production')
    if (variables.PASSWORD_ITERATIONS !== 100_000) {
      refuse('PASSWORD_ITERATIONS', 'must be 100000 in production')
    }
  })

const cache = new WeakMap<object, Config>()

/**
 * The configuration in the Worker's `env`, parsed once for each.
 * @throws ConfigurationError
 */
export function configOf(env: object): Config {
  const cached = cache.get(env)
  if (cached) return cached
  const config = parseConfig({ ...env })
  cache.set(env, config)
  return config
}

function parseConfig(env: Record<string, unknown>) {
  // An empty variable is an unset one; AUTH_SECRET is the short form of a list of one.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = Variables.safeParse({ AUTH_SECRETS: set['AUTH_SECRET'], ...set })
  if (!parsed.success) throw new ConfigurationError(parsed.error.issues.map(describeIssue))
  const variables = parsed.data
  const issuer = variables.AUTH_ISSUER ?? 'http://127.0.0.1:8787'
  return Object.freeze({
    environment: variables.ENVIRONMENT,
    logLevel: variables.LOG_LEVEL,
    secrets: variables.AUTH_SECRETS,
    issuer,
    audience: variables.AUTH_AUDIENCE ?? issuer,
    accessTtl: variables.AUTH_ACCESS_TTL,
    refreshTtl: variables.AUTH_REFRESH_TTL,
    sessionTtl: variables.AUTH_SESSION_TTL,
    refreshGrace: variables.AUTH_REFRESH_GRACE,
    legacy: legacyOf(variables),
    audit: {
      signingKey: variables.AUDIT_SIGNING_KEY ?? null,
      trustedKeys: variables.AUDIT_TRUSTED_KEYS,
      retentionDays: variables.AUDIT_RETENTION_DAYS ?? null,
    },
    webhook: webhookOf(variables),
    isRateLimited: variables.RATE_LIMIT === 'on',
    turnstileSecret: variables.TURNSTILE_SECRET ?? null,
    mailFrom: variables.MAIL_FROM ?? null,
    serviceName: variables.SERVICE_NAME,
    emailVerification: variables.EMAIL_VERIFICATION,
    signup: variables.SIGNUP,
    frontendOrigins: variables.FRONTEND_URL,
    frontendUrl: variables.FRONTEND_URL[0] ?? issuer,
    passwordPolicy: {
      minLength: variables.PASSWORD_MIN_LENGTH,
      require: variables.PASSWORD_REQUIRE,
      breachCheck: variables.PASSWORD_BREACH_CHECK,
    },
    passwordHashing: {
      iterations: variables.PASSWORD_ITERATIONS,
      rounds: 6,
      ...peppersOf(variables),
    },
  })
}

function legacyOf({ AUTH_LEGACY_SECRET: secret, AUTH_LEGACY_UNTIL: until }: Variables) {
  return secret !== undefined && until !== undefined ? { secret, until } : null
}

// New hashes use the highest.
function peppersOf(variables: { readonly [name in PepperName]?: Uint8Array | undefined }) {
  const peppers = new Map<number, Uint8Array>()
  for (const version of PEPPER_VERSIONS) {
    const pepper = variables[`PASSWORD_PEPPER_V${version}`]
    if (pepper) peppers.set(version, pepper)
  }
  return { peppers, pepperVersion: Math.max(...peppers.keys()) }
}

function webhookOf({ WEBHOOK_URL: url, WEBHOOK_SECRET: secrets }: Variables) {
  return url === undefined ? null : { url, secrets }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function describeIssue({ path: [variable], message }: z.core.$ZodIssue) {
  return { variable: String(variable), message }
}
