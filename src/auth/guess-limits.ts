import { attemptKey } from '../crypto/attempt-key'
import { verifyDeviceToken } from '../crypto/device-token'
import { randomText } from '../crypto/digest'
import { recordEvent } from '../store/audit-events'
import {
  type Attempt,
  type Counter,
  type CounterKind,
  findRefusal,
  type Reservation,
} from '../store/login-attempts'
import { type AuditEvent, auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'
import { type Challenge, challengeRefusal, checkChallenge } from './turnstile'

const HOUR_MS = 60 * 60 * 1000

// The pair alone is slowed, not blocked, so that its window may be long.
const LIMITS = {
  pair: { windowMs: 24 * HOUR_MS, limit: 5, challengeAfter: 3 },
  // Bounds those whom the next does not keep out.
  area: { windowMs: HOUR_MS, limit: 100, challengeAfter: 10 },
  email: { windowMs: HOUR_MS, limit: 100, challengeAfter: 10 },
  network: { windowMs: HOUR_MS, limit: 300, challengeAfter: 10 },
} as const satisfies Record<CounterKind, Partial<Counter>>

/** An attempt at somebody's password that may be counted, and the challenge that came with it. */
export interface Guess {
  readonly attempt: Attempt
  readonly challenge: Challenge
}

/**
 * What an attempt with this email is counted by, whether or not there is such an account: the email from this network and from
 * the wider one around it, the email, and the network. Where the cookie of a device that has logged in with this email comes along, the device stands
 * in for the network, and what others do, at the email or from the network, keeps nobody out (OWASP, device cookies).
 *
 * @param email normalized
 * @param challengeToken of Turnstile, where the client has solved one
 */
export async function newGuess(
  context: AuthContext,
  email: string,
  challengeToken: string | undefined,
): Promise<Guess> {
  const { keys, config, client, source, now } = context
  const [device, challenge] = await Promise.all([
    context.device ? verifyDeviceToken(context.device, { email, now }, keys) : null,
    checkChallenge(context, challengeToken),
  ])
  const parts = [
    ['pair', device ? ['device', email, device] : ['pair', email, source]],
    ['area', device ? ['devices', email] : ['area', email, client.network ?? '']],
    ['email', ['email', email]],
    ['network', ['network', source]],
  ] as const
  const counters = await Promise.all(
    parts.map(async ([kind, part]): Promise<Counter> => {
      const isExempt = device !== null && (kind === 'email' || kind === 'network')
      const { windowMs, limit, challengeAfter } = LIMITS[kind]
      const isAsked = config.turnstileSecret !== null && !isExempt
      const key = await attemptKey(part, keys)
      return {
        kind,
        key,
        windowMs,
        limit,
        isExempt,
        challengeAfter: isAsked ? challengeAfter : null,
      }
    }),
  )
  const isHuman = challenge === 'passed'
  const { network } = client
  const id = randomText(16)
  return { attempt: { id, emailNormalized: email, network, counters, isHuman, now }, challenge }
}

/**
 * The counts of an attempt that may be made.
 * @throws AuthError too_many_attempts, challenge_required, challenge_unavailable
 */
export function requireReserved(
  reservation: Reservation,
  { attempt, challenge }: Guess,
): ReadonlyMap<CounterKind, number> {
  if ('failures' in reservation) return reservation.failures
  if ('isChallenged' in reservation) throw challengeRefusal(challenge)
  const retryAfterSeconds = Math.ceil((reservation.blockedUntil - attempt.now) / 1000)
  throw new AuthError('too_many_attempts', { retryAfterSeconds })
}

/**
 * Asks who would do something else for a challenge, when logins have failed as often as logins are asked for one.
 * @throws AuthError challenge_required, challenge_unavailable
 */
export async function requireHuman(
  context: AuthContext,
  email: string,
  challengeToken: string | undefined,
): Promise<void> {
  if (!context.config.turnstileSecret) return
  const { attempt, challenge } = await newGuess(context, email, challengeToken)
  const refusal = await findRefusal(context.db, attempt)
  if (refusal && !attempt.isHuman) throw challengeRefusal(challenge)
}

/**
 * Records a failure in the audit trail if it is the first, the fifth, or the one that blocks: a flood of them is for the log
 * and the metrics. The rest of what is counted has no row, and no round trip.
 */
export async function recordFailure(
  context: AuthContext,
  failures: ReadonlyMap<CounterKind, number>,
  { detail, ...event }: AuditEvent,
): Promise<void> {
  const blocked = (['area', 'email', 'network'] as const).find(
    (kind) => failures.get(kind) === LIMITS[kind].limit,
  )
  const ofPair = failures.get('pair')
  if (!blocked && ofPair !== 1 && ofPair !== LIMITS.pair.limit) return
  const counted = { failures: String(ofPair), ...(blocked && { blocked }) }
  const row = await auditEvent(context, { ...event, detail: { ...detail, ...counted } })
  await recordEvent(context.db, row)
}

/** The keys under which attempts with this email, here, are counted. */
export async function attemptKeysOf(context: AuthContext, email: string) {
  const { attempt } = await newGuess(context, email, undefined)
  return attempt.counters.filter(({ kind }) => kind !== 'network').map(({ key }) => key)
}
