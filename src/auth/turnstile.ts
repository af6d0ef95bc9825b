import * as z from 'zod/mini'
import type { Config } from '../config'
import { errorFields } from '../log'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'

const VERIFY_URL = 'https://challenges.cloudflare.com/turnstile/v0/siteverify'
const TIME_LIMIT_MS = 5000

/** Where the keys that Cloudflare gives for tests say that they were solved. */
const HOSTS_OF_TESTS = ['example.com', 'localhost', '127.0.0.1']

const Verdict = z.object({
  success: z.boolean(),
  hostname: z.optional(z.string()),
  action: z.optional(z.string()),
})

const OWN_ACTION = 'gatehouse_'
/** What a challenge is asked for. */
export type ChallengeAction = 'log_in' | 'sign_up' | 'forgot_password'

/** What the widgets of our own pages say that they are for. A front end may call it what it likes, or nothing. */
export const widgetActionOf = (action: ChallengeAction) => `${OWN_ACTION}${action}`

/** What came of the challenge that a client may have solved before it asked. */
export type Challenge = 'passed' | 'not_passed' | 'unavailable'

/**
 * Has Cloudflare Turnstile say whether the token is of a challenge that was solved, just now and for the first time, on a page of
 * ours or of an allowed front end; and where it was one of ours, on that of the same form. Only a clear yes is one.
 */
export async function checkChallenge(
  { config, client, log }: Pick<AuthContext, 'config' | 'client' | 'log'>,
  token: string | undefined,
  action: ChallengeAction | null,
): Promise<Challenge> {
  if (!config.turnstileSecret || !token) return 'not_passed'
  try {
    const response = await fetch(VERIFY_URL, {
      method: 'POST',
      body: new URLSearchParams({
        secret: config.turnstileSecret,
        response: token,
        ...(client.ip && { remoteip: client.ip }),
      }),
      // The secret is for nobody to whom an answer points.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
    })
    if (response.status >= 500) throw new Error(`the challenge check answered ${response.status}`)
    const verdict = Verdict.parse(await response.json())
    if (!verdict.success) return 'not_passed'
    if (isSolvedHere(config, verdict) && isFor(action, verdict)) return 'passed'
    log.warning('challenge_of_elsewhere', { hostname: verdict.hostname, action: verdict.action })
    return 'not_passed'
  } catch (error) {
    log.error('challenge_check_failed', errorFields(error))
    return 'unavailable'
  }
}

type Verdict = z.infer<typeof Verdict>

function isSolvedHere(config: Config, { hostname = '' }: Verdict): boolean {
  const origins = [config.issuer, ...config.frontendOrigins]
  const hosts = origins.map((origin) => new URL(origin).hostname)
  if (config.environment === 'development') hosts.push(...HOSTS_OF_TESTS)
  return hosts.includes(hostname)
}

function isFor(expected: ChallengeAction | null, { action = '' }: Verdict): boolean {
  return !action.startsWith(OWN_ACTION) || (expected && widgetActionOf(expected)) === action
}

/** The refusal of who was asked for a challenge and has not passed it. */
export function challengeRefusal(challenge: Challenge): AuthError {
  return new AuthError(challenge === 'unavailable' ? 'challenge_unavailable' : 'challenge_required')
}
