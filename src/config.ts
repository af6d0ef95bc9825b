import * as z from 'zod/mini'
import {
  audience,
  auditKey,
  base64Url32,
  days,
  legacyMarks,
  mailbox,
  oneOf,
  origin,
  pepper,
  seconds,
  signingKeys,
  time,
  webhookSecret,
  webhookUrl,
} from './config-values'
import { list, secret, secrets } from './secret-values'

const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const
const CHARACTER_CLASSES = ['upper', 'lower', 'digit', 'special'] as const

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

const PEPPER_VERSIONS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const
type PepperName = `PASSWORD_PEPPER_V${(typeof PEPPER_VERSIONS)[number]}`
const optionalPepper = z.optional(pepper)
const peppers = Object.fromEntries(
  PEPPER_VERSIONS.map((version) => [`PASSWORD_PEPPER_V${version}`, optionalPepper]),
) as Record<PepperName, typeof optionalPepper>

const LEGACY = ['AUTH_LEGACY_SECRET', 'AUTH_LEGACY_UNTIL', 'AUTH_LEGACY_CLAIMS'] as const

type Variables = z.infer<ReturnType<typeof variablesSchema>>
// Made when there are variables to hold against it, once in an instance: a start needs none of it.
const variablesSchema = () =>
  z
    .object({
      ENVIRONMENT: z._default(oneOf(['development', 'production']), 'production'),
      LOG_LEVEL: z._default(oneOf(LOG_LEVELS), 'INFO'),
      AUTH_SECRETS: secrets,
      ...peppers,
      AUTH_SIGNING_KEYS: z.optional(signingKeys),
      AUTH_NOT_BEFORE: z.optional(time),
      AUTH_ISSUER: z.optional(origin),
      AUTH_AUDIENCE: z.optional(audience),
      AUTH_ACCESS_TTL: seconds(900, 30, 3600),
      AUTH_REFRESH_TTL: seconds(604_800, 300, 31_536_000),
      AUTH_SESSION_TTL: seconds(2_592_000, 300, 31_536_000),
      AUTH_REFRESH_GRACE: seconds(10, 1, 60),
      AUTH_LEGACY_SECRET: z.optional(secret),
      AUTH_LEGACY_UNTIL: z.optional(time),
      AUTH_LEGACY_CLAIMS: z.optional(legacyMarks),
      AUDIT_SIGNING_KEY: z.optional(auditKey),
      AUDIT_TRUSTED_KEYS: z.pipe(list, z.array(base64Url32)),
      AUDIT_RETENTION_DAYS: z.optional(days(1)),
      AUDIT_EVIDENCE_DAYS: z._default(days(0), 90),
      WEBHOOK_URL: z.optional(webhookUrl),
      WEBHOOK_SECRET: z.pipe(list, z.array(webhookSecret)),
      RATE_LIMIT: z._default(oneOf(['on', 'off']), 'on'),
      TURNSTILE_SECRET: z.optional(z.string()),
      TURNSTILE_SITE_KEY: z.optional(
        z.string().check(z.regex(/^[\w-]{1,64}$/, 'must be a site key of Turnstile')),
      ),
      MAIL_FROM: z.optional(mailbox),
      SERVICE_NAME: z._default(
        z.string().check(z.regex(/^\P{Cc}{1,50}$/u, 'must be 1 to 50 characters of one line')),
        'Gatehouse',
      ),
      EMAIL_VERIFICATION: z._default(oneOf(['off', 'optional', 'required']), 'optional'),
      SIGNUP: z._default(oneOf(['open', 'invite', 'closed']), 'open'),
      PASSWORD_BREACH_CHECK: z._default(oneOf(['off', 'hibp']), 'off'),
      FRONTEND_URL: z.pipe(list, z.array(origin)),
      PASSWORD_MIN_LENGTH: z._default(
        z.coerce.number().check(z.int(), z.minimum(8), z.maximum(64)),
        8,
      ),
      PASSWORD_REQUIRE: z.pipe(list, z.array(oneOf(CHARACTER_CLASSES))),
      PASSWORD_ITERATIONS: z._default(
        z.coerce.number().check(z.int(), z.minimum(10_000), z.maximum(100_000)),
        100_000,
      ),
    })
    .check(
      z.superRefine((variables, { addIssue }) => {
        const refuse = (variable: string, message: string) =>
          addIssue({ code: 'custom', path: [variable], message })
        if (peppersOf(variables).peppers.size === 0) refuse('PASSWORD_PEPPER_V1', 'must be set')
        for (const name of LEGACY) {
          const isMissing = variables[name] === undefined
          if (isMissing && LEGACY.some((other) => variables[other] !== undefined)) {
            refuse(
              name,
              `must be set together with ${LEGACY.filter((n) => n !== name).join(' and ')}`,
            )
          }
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
        if (variables.FRONTEND_URL.some((origin) => origin.startsWith('http:'))) {
          refuse('FRONTEND_URL', 'must hold https origins alone in production')
        }
        if (variables.RATE_LIMIT === 'off') refuse('RATE_LIMIT', 'must be on in production')
        if (!variables.MAIL_FROM) refuse('MAIL_FROM', 'must be set in production')
        if (!variables.AUDIT_SIGNING_KEY) refuse('AUDIT_SIGNING_KEY', 'must be set in production')
        if (variables.PASSWORD_ITERATIONS !== 100_000) {
          refuse('PASSWORD_ITERATIONS', 'must be 100000 in production')
        }
      }),
    )

/** Whether this is said to be no production, also where nothing else of the configuration holds. */
export function isDevelopment(env: object): boolean {
  return 'ENVIRONMENT' in env && env.ENVIRONMENT === 'development'
}

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
  const parsed = variablesSchema().safeParse({ AUTH_SECRETS: set['AUTH_SECRET'], ...set })
  if (!parsed.success) throw new ConfigurationError(parsed.error.issues.map(describeIssue))
  const variables = parsed.data
  const issuer = variables.AUTH_ISSUER ?? 'http://127.0.0.1:8787'
  return Object.freeze({
    environment: variables.ENVIRONMENT,
    logLevel: variables.LOG_LEVEL,
    secrets: variables.AUTH_SECRETS,
    signingKeys: variables.AUTH_SIGNING_KEYS ?? [],
    notBefore: variables.AUTH_NOT_BEFORE ?? 0,
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
      evidenceDays: variables.AUDIT_EVIDENCE_DAYS,
    },
    webhook: webhookOf(variables),
    isRateLimited: variables.RATE_LIMIT === 'on',
    turnstileSecret: variables.TURNSTILE_SECRET ?? null,
    turnstileSiteKey: variables.TURNSTILE_SITE_KEY ?? null,
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

function legacyOf(variables: Variables) {
  const { AUTH_LEGACY_SECRET: secret, AUTH_LEGACY_UNTIL: until } = variables
  const marks = variables.AUTH_LEGACY_CLAIMS
  return secret !== undefined && until !== undefined && marks !== undefined
    ? { secret, until, marks }
    : null
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

function describeIssue({ path: [variable], message }: z.core.$ZodIssue) {
  return { variable: String(variable), message }
}
