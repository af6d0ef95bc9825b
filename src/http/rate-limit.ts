import type { Context } from 'hono'
import { ConfigurationError } from '../config'
import { sha256 } from '../crypto/digest'
import { errorFields } from '../log'
import { presentedApiKey } from './authenticate'
import { type AppEnv, factory } from './factory'
import { ProblemError } from './problem'

type Gate =
  | 'RATE_LIMIT_CREDENTIALS'
  | 'RATE_LIMIT_REFRESH'
  | 'RATE_LIMIT_MAIL'
  | 'RATE_LIMIT_API_KEY'
  | 'RATE_LIMIT_ALL'

/**
 * What costs a derivation, may guess a secret, sends a mail, or writes an audit event as often as anybody likes; the rest has
 * only the gate that all have.
 */
const GATES: Readonly<Record<string, readonly Gate[]>> = {
  'POST /auth/signup': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/login': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/change-password': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/reset-password': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/verify-email': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/change-email/confirm': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/change-email': ['RATE_LIMIT_CREDENTIALS', 'RATE_LIMIT_MAIL'],
  'DELETE /auth/me': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/api-keys': ['RATE_LIMIT_CREDENTIALS'],
  'PATCH /auth/me': ['RATE_LIMIT_CREDENTIALS'],
  'DELETE /auth/sessions': ['RATE_LIMIT_CREDENTIALS'],
  'POST /auth/refresh': ['RATE_LIMIT_REFRESH'],
  'POST /auth/forgot-password': ['RATE_LIMIT_MAIL'],
  'POST /auth/verify-email/resend': ['RATE_LIMIT_MAIL'],
  // The forms that do the same.
  'POST /signup': ['RATE_LIMIT_CREDENTIALS'],
  'POST /login': ['RATE_LIMIT_CREDENTIALS'],
  'POST /account/password': ['RATE_LIMIT_CREDENTIALS'],
  'POST /reset-password': ['RATE_LIMIT_CREDENTIALS'],
  'POST /verify-email': ['RATE_LIMIT_CREDENTIALS'],
  'POST /confirm-email': ['RATE_LIMIT_CREDENTIALS'],
  'POST /account/email': ['RATE_LIMIT_CREDENTIALS', 'RATE_LIMIT_MAIL'],
  'POST /account/delete': ['RATE_LIMIT_CREDENTIALS'],
  'POST /account/api-keys': ['RATE_LIMIT_CREDENTIALS'],
  'POST /account/name': ['RATE_LIMIT_CREDENTIALS'],
  'POST /account/sessions/others': ['RATE_LIMIT_CREDENTIALS'],
  'POST /forgot-password': ['RATE_LIMIT_MAIL'],
  'POST /verify-email/resend': ['RATE_LIMIT_MAIL'],
}

/**
 * A first gate against floods, for each network and for each API key: Cloudflare counts for each of its locations, nearly so.
 * It stands before any body is read. What must be exact, D1 decides.
 */
export const rateLimit = factory.createMiddleware(async (c, next) => {
  const auth = c.get('auth')
  if (!auth.config.isRateLimited) return next()
  for (const gate of GATES[`${c.req.method} ${c.req.path}`] ?? []) {
    await requirePassage(c, gate, auth.source)
  }
  await requirePassage(c, 'RATE_LIMIT_ALL', auth.source)
  const apiKey = presentedApiKey(c)
  // By the whole key: who knows only its id must not use up what it may.
  if (apiKey !== undefined) await requirePassage(c, 'RATE_LIMIT_API_KEY', await sha256(apiKey))
  return next()
})

/** The gate of `/auth/refresh`, for a page that is about to do the same. */
export async function requireRefreshPassage(c: Context<AppEnv>): Promise<void> {
  const { config, source } = c.get('auth')
  if (config.isRateLimited) await requirePassage(c, 'RATE_LIMIT_REFRESH', source)
}

async function requirePassage(c: Context<AppEnv>, gate: Gate, key: string): Promise<void> {
  const binding = c.env[gate]
  if (!binding) throw new ConfigurationError([{ variable: gate, message: 'must be bound' }])
  try {
    const { success } = await binding.limit({ key })
    if (success) return
  } catch (error) {
    // Without its first gate the service still has the others.
    c.get('log').warning('rate_limit_unavailable', { gate, ...errorFields(error) })
    return
  }
  throw new ProblemError('rate_limited', { gate })
}
