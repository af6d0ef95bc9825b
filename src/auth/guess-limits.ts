import { attemptKey } from '../crypto/attempt-key'
import { verifyDeviceToken } from '../crypto/device-token'
import { randomText } from '../crypto/digest'
import {
  type Attempt,
  type Counted,
  type Counter,
  type CounterKind,
  findRefusal,
  type Reservation,
  recordFailure as record,
} from '../store/login-attempts'
import { type AuditEvent, auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'
import { newNotice } from './mailed-link'
import { sendAfterAnswer } from './send-after-answer'
import { type Challenge, type ChallengeAction, challengeRefusal, checkChallenge } from './turnstile'

const HOUR_MS = 60 * 60 * 1000

// The pair alone is slowed, not blocked, so that its window may be long. That of the email is, since what is blocked can always
// be lifted by whom it is about: by a login from where they are known, or by a reset. NIST SP 800-63B-4 asks for
// a hundred in a row at most, however long that takes.
const LIMITS = {
  pair: { windowMs: 24 * HOUR_MS, limit: 5, challengeAfter: 3 },
  // Bounds those whom the next does not keep out.
  area: { windowMs: HOUR_MS, limit: 100, challengeAfter: 10 },
  email: { windowMs: 30 * 24 * HOUR_MS, limit: 100, challengeAfter: 10 },
  network: { windowMs: HOUR_MS, limit: 300, challengeAfter: 10 },
  network_56: { windowMs: HOUR_MS, limit: 600, challengeAfter: 20 },
  network_48: { windowMs: HOUR_MS, limit: 1200, challengeAfter: 40 },
} as const satisfies Record<CounterKind, Partial<Counter>>
const LONGEST_RETRY_SECONDS = HOUR_MS / 1000

/** An attempt at somebody's password that may be counted, and the challenge that came with it. */
export interface Guess {
  readonly attempt: Attempt
  readonly challenge: Challenge
}

/**
 * What an attempt with this email is counted by, whether or not there is such an account: the email from this network and from
 * the wider one around it, the email, and the network with those around it. Where the cookie of a device that has logged in with
 * this email comes along, the device stands in for the network, and what others do, at the email or from the network, keeps
 * nobody out (OWASP, device cookies).
 *
 * @param email normalized
 * @param challengeToken of Turnstile, where the client has solved one
 */
export async function newGuess(
  context: AuthContext,
  email: string,
  challengeToken: string | undefined,
  action: ChallengeAction | null,
): Promise<Guess> {
  const { keys, client, now } = context
  const [cookie, challenge, counters] = await Promise.all([
    context.device ? verifyDeviceToken(context.device, { email, now }, keys) : null,
    checkChallenge(context, challengeToken, action),
    countersHere(context, email),
  ])
  const device = cookie && {
    issuedAt: cookie.issuedAt,
    counters: [
      await newCounter(context, 'pair', ['device', email, cookie.id]),
      await newCounter(context, 'area', devicesOf(email)),
      ...counters
        .filter(({ kind }) => kind !== 'pair' && kind !== 'area')
        .map((counter) => ({ ...counter, isExempt: true, challengeAfter: null })),
    ],
  }
  const isHuman = challenge === 'passed'
  const id = randomText(16)
  const { network } = client
  return {
    attempt: { id, emailNormalized: email, network, counters, device, isHuman, now },
    challenge,
  }
}

function countersHere(context: AuthContext, email: string): Promise<readonly Counter[]> {
  const { source, widerSources } = context
  return Promise.all([
    ...accountPartsHere(context, email).map(([kind, part]) => newCounter(context, kind, part)),
    newCounter(context, 'network', ['network', source]),
    ...widerSources.map((network, index) =>
      newCounter(context, index === 0 ? 'network_56' : 'network_48', ['network', network]),
    ),
  ])
}

/** What belongs to the email, as tried from here. */
function accountPartsHere({ source, client }: AuthContext, email: string) {
  return [
    ['pair', ['pair', email, source]],
    ['area', ['area', email, client.network ?? '']],
    ['email', ['email', email]],
  ] as const
}

const devicesOf = (email: string) => ['devices', email]

async function newCounter(
  { config, keys }: AuthContext,
  kind: CounterKind,
  part: readonly string[],
): Promise<Counter> {
  const { windowMs, limit, challengeAfter } = LIMITS[kind]
  return {
    kind,
    key: await attemptKey(part, keys),
    windowMs,
    limit,
    isExempt: false,
    challengeAfter: config.turnstileSecret !== null ? challengeAfter : null,
    isWide: kind === 'network_56' || kind === 'network_48',
  }
}

/**
 * The attempt, that may be made, with the counters that count.
 * @throws AuthError too_many_attempts, challenge_required, challenge_unavailable
 */
export function requireReserved(reservation: Reservation, { attempt, challenge }: Guess): Counted {
  if ('failures' in reservation) {
    const { failures, counters } = reservation
    return { attempt: { ...attempt, counters, device: null }, failures }
  }
  if ('isChallenged' in reservation) throw challengeRefusal(challenge)
  const seconds = Math.ceil((reservation.blockedUntil - attempt.now) / 1000)
  const retryAfterSeconds = Math.min(seconds, LONGEST_RETRY_SECONDS)
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
  action: ChallengeAction,
): Promise<void> {
  if (!context.config.turnstileSecret) return
  const { attempt, challenge } = await newGuess(context, email, challengeToken, action)
  const refusal = await findRefusal(context.db, attempt)
  if (refusal && !attempt.isHuman) throw challengeRefusal(challenge)
}

/**
 * Records a failure in the audit trail if it is the first, the fifth, or the one that blocks: a flood of them is for the log
 * and the metrics. The rest of what is counted has no row, and from an IPv4 address no round trip. Whose account is paused
 * everywhere but where they are known is told by mail.
 */
export async function recordFailure(
  context: AuthContext,
  { attempt, failures }: Counted,
  failed: AuditEvent,
): Promise<void> {
  const blocked = (['area', 'email', 'network'] as const).find(
    (kind) => failures.get(kind) === LIMITS[kind].limit,
  )
  const ofPair = failures.get('pair')
  const isRecorded = blocked || ofPair === 1 || ofPair === LIMITS.pair.limit
  const isWide = attempt.counters.some((counter) => counter.isWide)
  if (!isRecorded && !isWide) return
  const eventOf = (detail: Readonly<Record<string, string>>) => {
    const counted = { ...failed.detail, failures: String(ofPair), ...detail }
    return auditEvent(context, { ...failed, detail: counted })
  }
  const notice = blocked === 'email' ? newNotice(context, 'login_paused') : null
  await record(context.db, {
    attempt,
    event: isRecorded ? await eventOf(blocked ? { blocked } : {}) : null,
    wideEvent: isWide ? await eventOf({ blocked: 'wider_network' }) : null,
    notice,
  })
  if (notice) sendAfterAnswer(context)
}

/** The keys under which attempts with this email are counted, from here and from its devices; of no network. */
export function attemptKeysOf(context: AuthContext, email: string): Promise<readonly string[]> {
  const parts = [...accountPartsHere(context, email).map(([, part]) => part), devicesOf(email)]
  return Promise.all(parts.map((part) => attemptKey(part, context.keys)))
}
