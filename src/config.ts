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
  .string('must be set')
  .regex(/^[A-Za-z0-9+/]{43}=$/, 'must be 32 random bytes in base64 (try: openssl rand -base64 32)')
  .transform((text) => Uint8Array.fromBase64(text))
  .refine(
    (bytes) => new Set(bytes).size >= SECRET_DISTINCT_CHARACTERS,
    'must be random (try: openssl rand -base64 32)',
  )

const origin = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .transform((text) => new URL(text).origin)

type Variables = z.infer<typeof Variables>
const Variables = z
  .object({
    ENVIRONMENT: oneOf(['development', 'production']).default('production'),
    LOG_LEVEL: oneOf(LOG_LEVELS).default('INFO'),
    AUTH_SECRETS: secrets,
    PASSWORD_PEPPER_V1: pepper,
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
    FRONTEND_URL: list.pipe(z.array(origin)),
    PASSWORD_MIN_LENGTH: z.coerce.number().int().min(8).max(64).default(8),
    PASSWORD_REQUIRE: list.pipe(z.array(oneOf(CHARACTER_CLASSES))),
    PASSWORD_ITERATIONS: z.coerce.number().int().min(10_000).max(100_000).default(100_000),
  })
  .superRefine((variables, { addIssue }) => {
    const refuse = (variable: string, message: string) =>
      addIssue({ code: 'custom', path: [variable], message })
    if (
      (variables.AUTH_LEGACY_SECRET === undefined) !==
      (variables.AUTH_LEGACY_UNTIL === undefined)
    ) {
      refuse('AUTH_LEGACY_UNTIL', 'must be set together with AUTH_LEGACY_SECRET')
    }
    if (variables.AUTH_REFRESH_TTL < variables.AUTH_ACCESS_TTL) {
      refuse('AUTH_REFRESH_TTL', 'must not be less than AUTH_ACCESS_TTL')
    }
    if (variables.ENVIRONMENT !== 'production') return
    if (!variables.AUTH_ISSUER?.startsWith('https:')) {
      refuse('AUTH_ISSUER', 'must be set to an https URL in production')
    }
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
    frontendOrigins: variables.FRONTEND_URL,
    passwordPolicy: {
      minLength: variables.PASSWORD_MIN_LENGTH,
      require: variables.PASSWORD_REQUIRE,
    },
    passwordHashing: {
      iterations: variables.PASSWORD_ITERATIONS,
      rounds: 6,
      pepperVersion: 1,
      peppers: new Map([[1, variables.PASSWORD_PEPPER_V1]]),
    },
  })
}

function legacyOf({ AUTH_LEGACY_SECRET: secret, AUTH_LEGACY_UNTIL: until }: Variables) {
  return secret !== undefined && until !== undefined ? { secret, until } : null
}

function describeIssue({ path: [variable], message }: z.core.$ZodIssue) {
  return { variable: String(variable), message }
}
