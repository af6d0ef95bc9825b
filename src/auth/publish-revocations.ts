import { putRevocationMarker } from '../store/revocation-markers'
import {
  findRevocations,
  findUnpublishedRevocations,
  markRevocationPublished,
  type Revocation,
  sessionRevocationKey,
} from '../store/revocations'
import type { AuthContext } from './auth-context'

type Publishing = Pick<AuthContext, 'db' | 'markers' | 'log' | 'now' | 'defer'>

const SHORTEST_LIFE_SECONDS = 60
const SKEW_SECONDS = 120
/** KV takes one write a second for a key. */
const RETRY_AFTER_MS = 1100
const PENDING_LIMIT = 100

/** When every access token issued until now has expired, whatever the clocks: a revocation may go. */
export function revocationExpiry({ now, config }: Pick<AuthContext, 'now' | 'config'>): number {
  return now + Math.max(SHORTEST_LIFE_SECONDS, config.accessTtl + SKEW_SECONDS) * 1000
}

/** Says that a session has ended. */
export function sessionRevocation(
  context: Pick<AuthContext, 'now' | 'config'>,
  sessionId: string,
): Revocation {
  const expiresAt = revocationExpiry(context)
  return { key: sessionRevocationKey(sessionId), value: '1', expiresAt }
}

/**
 * Tells KV, before the answer, what a batch has revoked. What cannot be told is tried again after the
 * answer and then left to the job that runs every minute: the row is there, so nothing is lost.
 */
export async function publishRevocations(
  context: Publishing,
  revocations: readonly Revocation[],
): Promise<void> {
  await Promise.all(
    revocations.map(async (revocation) => {
      const isPut = await put(context, revocation)
      context.defer(() => confirm(context, revocation, isPut))
    }),
  )
}

/** The job's part: what has not been published yet, the most urgent first. */
export async function publishPendingRevocations(context: Publishing): Promise<void> {
  const { db, now, log } = context
  const pending = await findUnpublishedRevocations(db, now, PENDING_LIMIT)
  for (const revocation of pending) {
    if (await put(context, revocation)) await confirm(context, revocation, true)
  }
  if (pending.length > 0) log.info('revocations_published', { pending: pending.length })
}

// KV keeps what it is given last, which need not be the newest. Where the put failed, or D1 holds another
// value by now, the value is read again and put once more, a second later.
async function confirm(context: Publishing, revocation: Revocation, isPut: boolean): Promise<void> {
  const { db, now } = context
  if (isPut && (await markRevocationPublished(db, revocation, now))) return
  await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS))
  const [current] = await findRevocations(db, [revocation.key], now)
  if (current && (await put(context, current))) await markRevocationPublished(db, current, now)
}

async function put({ markers, now, log }: Publishing, revocation: Revocation): Promise<boolean> {
  try {
    await putRevocationMarker(markers, revocation, now)
    return true
  } catch {
    log.warning('revocation_not_published', { key: revocation.key })
    return false
  }
}
