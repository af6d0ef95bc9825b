import { describe, expect, test } from 'vitest'
import { ConfigurationError, configOf } from '../src/config'
import { AUDIT_KEY } from './platform/audit'
import { createClient, refusal } from './platform/client'
import { loggedEvents, loggedText } from './platform/logs'

const SECRET = 'test-only-secret-0123456789-abcdefghijklmnop'
const AUDIT_SIGNING_KEY = JSON.stringify(AUDIT_KEY)
const GOOD = {
  ENVIRONMENT: 'development',
  AUTH_SECRETS: SECRET,
  PASSWORD_PEPPER_V1: 'dGVzdC1vbmx5LXBlcHBlci1vZi0zMi1ieXRlcy4uLi4=',
  AUDIT_SIGNING_KEY,
  MAIL_FROM: 'auth@example.com',
}
const OLD = {
  AUTH_LEGACY_SECRET: SECRET,
  AUTH_LEGACY_UNTIL: '2027-01-31T00:00:00Z',
  AUTH_LEGACY_CLAIMS: '{"type":"access"}',
}
const HOOK = 'https://listener.example/hooks'
const HOOK_SECRET = `whsec_${btoa('x'.repeat(24))}`

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    configOf(env)
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems.map(({ variable }) => variable)
  }
}

describe('what is refused, by name', () => {
  const cases: [string, Record<string, string | undefined>, string[]][] = [
    ['no secret', { AUTH_SECRETS: undefined }, ['AUTH_SECRETS']],
    ['an empty secret', { AUTH_SECRETS: '' }, ['AUTH_SECRETS']],
    ['a short secret', { AUTH_SECRETS: 'short' }, ['AUTH_SECRETS']],
    ['a short second secret', { AUTH_SECRETS: `${SECRET},short` }, ['AUTH_SECRETS']],
    ['a secret of one letter', { AUTH_SECRETS: 'a'.repeat(64) }, ['AUTH_SECRETS']],
    ['no pepper', { PASSWORD_PEPPER_V1: undefined }, ['PASSWORD_PEPPER_V1']],
    ['a pepper of 31 bytes', { PASSWORD_PEPPER_V1: btoa('x'.repeat(31)) }, ['PASSWORD_PEPPER_V1']],
    [
      'a second pepper of 31 bytes',
      { PASSWORD_PEPPER_V2: btoa('x'.repeat(31)) },
      ['PASSWORD_PEPPER_V2'],
    ],
    ['a pepper of zeros', { PASSWORD_PEPPER_V1: btoa('\0'.repeat(32)) }, ['PASSWORD_PEPPER_V1']],
    ['a session shorter than its tokens', { AUTH_REFRESH_TTL: '600' }, ['AUTH_REFRESH_TTL']],
    ['an unknown environment', { ENVIRONMENT: 'staging' }, ['ENVIRONMENT']],
    ['an unknown log level', { LOG_LEVEL: 'LOUD' }, ['LOG_LEVEL']],
    ['a lifetime in words', { AUTH_ACCESS_TTL: 'soon' }, ['AUTH_ACCESS_TTL']],
    ['a lifetime of a day', { AUTH_ACCESS_TTL: '86400' }, ['AUTH_ACCESS_TTL']],
    ['evidence for less than no time', { AUDIT_EVIDENCE_DAYS: '-1' }, ['AUDIT_EVIDENCE_DAYS']],
    ['evidence for a part of a day', { AUDIT_EVIDENCE_DAYS: '0.5' }, ['AUDIT_EVIDENCE_DAYS']],
    ['no grace', { AUTH_REFRESH_GRACE: '0' }, ['AUTH_REFRESH_GRACE']],
    ['an origin that is none', { FRONTEND_URL: 'example.com' }, ['FRONTEND_URL']],
    ['an origin of scripts', { FRONTEND_URL: 'javascript:alert(1)' }, ['FRONTEND_URL']],
    ['an unknown class', { PASSWORD_REQUIRE: 'upper,emoji' }, ['PASSWORD_REQUIRE']],
    ['a minimum of 4', { PASSWORD_MIN_LENGTH: '4' }, ['PASSWORD_MIN_LENGTH']],
    [
      'more iterations than production takes',
      { PASSWORD_ITERATIONS: '600000' },
      ['PASSWORD_ITERATIONS'],
    ],
    ['a weak old secret', { ...OLD, AUTH_LEGACY_SECRET: 'old' }, ['AUTH_LEGACY_SECRET']],
    ['an old secret without its end', { ...OLD, AUTH_LEGACY_UNTIL: '' }, ['AUTH_LEGACY_UNTIL']],
    ['an old secret of any token', { ...OLD, AUTH_LEGACY_CLAIMS: '' }, ['AUTH_LEGACY_CLAIMS']],
    [
      'an old secret alone',
      { AUTH_LEGACY_SECRET: SECRET },
      ['AUTH_LEGACY_UNTIL', 'AUTH_LEGACY_CLAIMS'],
    ],
    [
      'an end without an old secret',
      { AUTH_LEGACY_UNTIL: OLD.AUTH_LEGACY_UNTIL },
      ['AUTH_LEGACY_SECRET', 'AUTH_LEGACY_CLAIMS'],
    ],
    [
      'claims without an old secret',
      { AUTH_LEGACY_CLAIMS: '{}' },
      ['AUTH_LEGACY_SECRET', 'AUTH_LEGACY_UNTIL'],
    ],
    ['an end that is no time', { ...OLD, AUTH_LEGACY_UNTIL: 'soon' }, ['AUTH_LEGACY_UNTIL']],
    ...[
      'access',
      '[]',
      'null',
      '"access"',
      '{"type":null}',
      '{"aud":[]}',
      '{"":1}',
      '{"a":{}}',
    ].map((claims): [string, Record<string, string>, string[]] => [
      `claims that are ${claims}`,
      { ...OLD, AUTH_LEGACY_CLAIMS: claims },
      ['AUTH_LEGACY_CLAIMS'],
    ]),
    ['an audience of two lines', { AUTH_AUDIENCE: 'a\nb' }, ['AUTH_AUDIENCE']],
    ['an audience that fills the token', { AUTH_AUDIENCE: 'a'.repeat(301) }, ['AUTH_AUDIENCE']],
    ['production without an issuer', { ENVIRONMENT: 'production' }, ['AUTH_ISSUER']],
    ['no environment, which is production', { ENVIRONMENT: '' }, ['AUTH_ISSUER']],
    [
      'production without TLS',
      { ENVIRONMENT: 'production', AUTH_ISSUER: 'http://a.example' },
      ['AUTH_ISSUER'],
    ],
    ['an issuer of scripts', { AUTH_ISSUER: 'javascript:alert(1)' }, ['AUTH_ISSUER']],
    [
      'production with cheap passwords',
      { ENVIRONMENT: 'production', AUTH_ISSUER: 'https://a.example', PASSWORD_ITERATIONS: '10000' },
      ['PASSWORD_ITERATIONS'],
    ],
    [
      'production without an audit key',
      { ENVIRONMENT: 'production', AUTH_ISSUER: 'https://a.example', AUDIT_SIGNING_KEY: '' },
      ['AUDIT_SIGNING_KEY'],
    ],
    [
      'production without a sender',
      { ENVIRONMENT: 'production', AUTH_ISSUER: 'https://a.example', MAIL_FROM: '' },
      ['MAIL_FROM'],
    ],
    [
      'production with links in the clear',
      {
        ENVIRONMENT: 'production',
        AUTH_ISSUER: 'https://a.example',
        FRONTEND_URL: 'http://app.example.com',
      },
      ['FRONTEND_URL'],
    ],
    [
      'a second front end by http in production',
      {
        ENVIRONMENT: 'production',
        AUTH_ISSUER: 'https://a.example',
        FRONTEND_URL: 'https://app.example.com,http://app.example.com',
      },
      ['FRONTEND_URL'],
    ],
    [
      'a front end on a developer’s machine in production',
      {
        ENVIRONMENT: 'production',
        AUTH_ISSUER: 'https://a.example',
        FRONTEND_URL: 'https://app.example.com,http://localhost:3000',
      },
      ['FRONTEND_URL'],
    ],
    [
      'production without limits',
      { ENVIRONMENT: 'production', AUTH_ISSUER: 'https://a.example', RATE_LIMIT: 'off' },
      ['RATE_LIMIT'],
    ],
    ['a site key with markup', { TURNSTILE_SITE_KEY: '"><b>' }, ['TURNSTILE_SITE_KEY']],
    ['a sender that is no address', { MAIL_FROM: 'Gatehouse' }, ['MAIL_FROM']],
    ['a sender of two lines', { MAIL_FROM: 'a\nb <a@example.com>' }, ['MAIL_FROM']],
    ['a verification that is none', { EMAIL_VERIFICATION: 'maybe' }, ['EMAIL_VERIFICATION']],
    ['a trusted key that is none', { AUDIT_TRUSTED_KEYS: 'key' }, ['AUDIT_TRUSTED_KEYS']],
    ['an audit key that is no JSON', { AUDIT_SIGNING_KEY: 'key' }, ['AUDIT_SIGNING_KEY']],
    [
      'an audit key of another curve',
      { AUDIT_SIGNING_KEY: JSON.stringify({ ...AUDIT_KEY, crv: 'X25519' }) },
      ['AUDIT_SIGNING_KEY'],
    ],
    [
      'an audit key without its private part',
      { AUDIT_SIGNING_KEY: JSON.stringify({ ...AUDIT_KEY, d: undefined }) },
      ['AUDIT_SIGNING_KEY'],
    ],
    ['a retention of no time', { AUDIT_RETENTION_DAYS: '0' }, ['AUDIT_RETENTION_DAYS']],
    ['a webhook without a secret', { WEBHOOK_URL: HOOK }, ['WEBHOOK_SECRET']],
    ['a secret without a webhook', { WEBHOOK_SECRET: HOOK_SECRET }, ['WEBHOOK_SECRET']],
    [
      'a webhook secret without its prefix',
      { WEBHOOK_URL: HOOK, WEBHOOK_SECRET: HOOK_SECRET.slice(6) },
      ['WEBHOOK_SECRET'],
    ],
    [
      'a webhook secret of 23 bytes',
      { WEBHOOK_URL: HOOK, WEBHOOK_SECRET: `whsec_${btoa('x'.repeat(23))}` },
      ['WEBHOOK_SECRET'],
    ],
    [
      'a webhook in the clear, in production',
      {
        ENVIRONMENT: 'production',
        AUTH_ISSUER: 'https://a.example',
        WEBHOOK_URL: 'HTTP://l.example',
        WEBHOOK_SECRET: HOOK_SECRET,
      },
      ['WEBHOOK_URL'],
    ],
    ['several at once', { AUTH_SECRETS: '', LOG_LEVEL: '?' }, ['LOG_LEVEL', 'AUTH_SECRETS']],
  ]
  test.each(cases)('%s', (_name, env, variables) => {
    expect(new Set(problemsOf({ ...GOOD, ...env }))).toEqual(new Set(variables))
  })
})

describe('what is taken', () => {
  test('two secrets and the issuer, everything else by default', () => {
    const { ENVIRONMENT: _, ...secrets } = GOOD
    expect(configOf({ ...secrets, AUTH_ISSUER: 'https://a.example' })).toMatchObject({
      environment: 'production',
      logLevel: 'INFO',
      accessTtl: 900,
      refreshTtl: 604_800,
      sessionTtl: 2_592_000,
      refreshGrace: 10,
      emailVerification: 'optional',
      frontendOrigins: [],
      passwordPolicy: { minLength: 8, require: [] },
    })
  })

  test('AUTH_SECRET as the short form, which AUTH_SECRETS outranks', () => {
    const { AUTH_SECRETS: _, ...others } = GOOD
    expect(configOf({ ...others, AUTH_SECRET: SECRET }).secrets).toEqual([SECRET])
    const other = `other-${SECRET}`
    expect(configOf({ ...GOOD, AUTH_SECRET: other }).secrets).toEqual([SECRET])
  })

  test('lists with spaces, and origins out of URLs', () => {
    const config = configOf({
      ...GOOD,
      AUTH_SECRETS: ` ${SECRET} , second-${SECRET}`,
      FRONTEND_URL: 'https://app.example.com/, http://localhost:3000/login',
      PASSWORD_REQUIRE: 'upper, digit',
    })
    expect(config.secrets).toEqual([SECRET, `second-${SECRET}`])
    expect(config.frontendOrigins).toEqual(['https://app.example.com', 'http://localhost:3000'])
    expect(config.passwordPolicy.require).toEqual(['upper', 'digit'])
  })

  test('several peppers: the highest is for new hashes, and no version is needed for itself', () => {
    const pepper = GOOD.PASSWORD_PEPPER_V1
    const versions = (env: Record<string, string>) => {
      const { peppers, pepperVersion } = configOf(env).passwordHashing
      return [[...peppers.keys()], pepperVersion]
    }
    expect(versions(GOOD)).toEqual([[1], 1])
    expect(versions({ ...GOOD, PASSWORD_PEPPER_V9: pepper })).toEqual([[1, 9], 9])
    expect(versions({ ...GOOD, PASSWORD_PEPPER_V2: '' })).toEqual([[1], 1])
    const later = { PASSWORD_PEPPER_V1: '', PASSWORD_PEPPER_V3: pepper, PASSWORD_PEPPER_V2: pepper }
    expect(versions({ ...GOOD, ...later })).toEqual([[2, 3], 3])
  })

  test('production with an issuer', () => {
    const config = configOf({
      ...GOOD,
      ENVIRONMENT: 'production',
      AUTH_ISSUER: 'https://a.example/',
    })
    expect(config).toMatchObject({ issuer: 'https://a.example', audience: 'https://a.example' })
  })

  test('webhook secrets of 24 to 64 bytes, and several', () => {
    for (let bytes = 24; bytes <= 64; bytes++) {
      const WEBHOOK_SECRET = `whsec_${btoa('x'.repeat(bytes))}, ${HOOK_SECRET}`
      const { webhook } = configOf({ ...GOOD, WEBHOOK_URL: HOOK, WEBHOOK_SECRET })
      expect(webhook?.secrets.map(({ length }) => length)).toEqual([bytes, 24])
    }
  })

  test('an old secret with its end, and what its access tokens say', () => {
    expect(configOf({ ...GOOD, ...OLD }).legacy).toEqual({
      secret: SECRET,
      until: Date.parse('2027-01-31T00:00:00Z'),
      marks: { type: 'access' },
    })
    expect(configOf({ ...GOOD, ...OLD, AUTH_LEGACY_CLAIMS: '{}' }).legacy?.marks).toEqual({})
    expect(configOf(GOOD).legacy).toBeNull()
  })

  test('is parsed once for an env', () => {
    const env = { ...GOOD }
    expect(configOf(env)).toBe(configOf(env))
  })
})

describe('a wrong configuration fails every request', () => {
  const failing = async (vars: Record<string, unknown>) => {
    const client = createClient({ vars: { AUTH_SECRETS: 'hunter2-hunter2', ...vars } })
    const answers = []
    for (const path of ['/health', '/auth/me', '/openapi.json', '/nowhere', '/login']) {
      const answer = await client.get(path)
      expect(answer.status, path).toBe(500)
      answers.push(JSON.stringify(answer.body))
      if (path !== '/login') expect(refusal(answer)).toBe('500 configuration_invalid')
    }
    const logged = loggedEvents('configuration_invalid')
    expect(logged).toHaveLength(5)
    for (const { problems } of logged) expect(JSON.stringify(problems)).toContain('AUTH_SECRETS')
    expect([...answers, loggedText()].join()).not.toContain('hunter2')
    return answers
  }

  test('in development named in answer and log, without its value', async () => {
    for (const body of (await failing({})).slice(0, 4)) expect(body).toContain('AUTH_SECRETS')
  })

  test.each([undefined, '', 'production', 'staging', 'Development'])(
    'with ENVIRONMENT %o named in the log alone',
    async (ENVIRONMENT) => {
      for (const body of await failing({ ENVIRONMENT })) {
        expect(body).not.toMatch(/AUTH_|ENVIRONMENT|bytes|"errors"/)
      }
    },
  )

  test('a binding that production needs is named in the log alone', async () => {
    const vars = { ...GOOD, ENVIRONMENT: 'production', AUTH_ISSUER: 'https://a.example' }
    const client = createClient({
      vars: { ...vars, PASSWORD_ITERATIONS: '100000', RATE_LIMIT: 'on', EMAIL: undefined },
    })
    const answer = await client.get('/health')
    expect(refusal(answer)).toBe('500 configuration_invalid')
    expect(answer.body).not.toHaveProperty('errors')
    expect(loggedEvents('configuration_invalid')).toMatchObject([
      { problems: [{ variable: 'EMAIL' }] },
    ])
  })
})
