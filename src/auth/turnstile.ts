import * as z from 'zod/mini'
import { errorFields } from '../log'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'

const VERIFY_URL = 'https://challenges.cloudflare.com/turnstile/v0/siteverify'
const TIME_LIMIT_MS = 5000

const Verdict = z.object({ success: z.boolean() })

/** What came of the challenge that a client may have solved before it asked. */
export type Challenge = 'passed' | 'not_passed' | 'unavailable'

/**
 * Has Cloudflare Turnstile say whether the token is of a challenge that was solved, just now and for the first time.
 * Only a clear yes is one.
 */
export async function checkChallenge(
  { config, client, log }: Pick<AuthContext, 'config' | 'client' | 'log'>,
  token: string | undefined,
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
    return Verdict.parse(await response.json()).success ? 'passed' : 'not_passed'
  } catch (error) {
    log.error('challenge_check_failed', errorFields(error))
    return 'unavailable'
  }
}

/** The refusal of who was asked for a challenge and has not passed it. */
export function challengeRefusal(challenge: Challenge): AuthError {
  return new AuthError(challenge === 'unavailable' ? 'challenge_unavailable' : 'challenge_required')
}
