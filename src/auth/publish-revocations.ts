import {
  putRevocationMarker,
  type Revocation,
  sessionRevocationKey,
} from '../store/revocation-markers'
import {
  findRevocations,
  findUnpublishedRevocations,
  markRevocationsPublished,
} from '../store/revocations'
import type { AuthContext } from './auth-context'

type Publishing = Pick<AuthContext, 'db' | 'markers' | 'log' | 'now' | 'defer'>

/** The longest that AUTH_ACCESS_TTL may be, since tokens outlive a change of it, and two minutes of skew. */
const REVOCATION_LIFE_MS = (3600 + 120) * 1000
/** An answer does not wait longer than that for KV. */
const WAIT_LIMIT_MS = 1000
/** KV takes one write a second for a key. */
const RETRY_AFTER_MS = 1100
/** Of one run of the job; and how many at a time, of the six connections that an invocation may have. */
const PENDING_LIMIT = 400
const CHUNK = 5

/** When every access token issued until now has expired: a revocation may go. */
export function revocationExpiry({ now }: Pick<AuthContext, 'now'>): number {
  return now + REVOCATION_LIFE_MS
}

/** Says that a session has ended. */
export function sessionRevocation(
  context: Pick<AuthContext, 'now'>,
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
  if (revocations.length === 0) return
  const puts = putAll(context, revocations)
  await Promise.race([puts, pause(WAIT_LIMIT_MS)])
  context.defer(async () => {
    // However late a put lands, it is confirmed only then.
    if (await confirm(context, revocations, await puts)) return
    await pause(RETRY_AFTER_MS)
    const keys = revocations.map(({ key }) => key)
    const current = await findRevocations(context.db, keys, context.now)
    await confirm(context, current, await putAll(context, current))
  })
}

/** The job's part: what has not been published yet, the most urgent first. */
export async function publishPendingRevocations(context: Publishing): Promise<void> {
  const { db, now, log } = context
  const pending = await findUnpublishedRevocations(db, now, PENDING_LIMIT)
  for (let start = 0; start < pending.length; start += CHUNK) {
    const chunk = pending.slice(start, start + CHUNK)
    await confirm(context, chunk, await putAll(context, chunk))
  }
  if (pending.length > 0) log.info('revocations_published', { pending: pending.length })
}

/** Those that KV has taken. */
async function putAll(
  context: Publishing,
  revocations: readonly Revocation[],
): Promise<readonly Revocation[]> {
  const results = await Promise.all(revocations.map((revocation) => put(context, revocation)))
  return revocations.filter((_revocation, index) => results[index])
}

/** Notes what was put. False when something was not, or was by then no longer what D1 holds. */
async function confirm(
  { db, now }: Publishing,
  revocations: readonly Revocation[],
  put: readonly Revocation[],
): Promise<boolean> {
  const areCurrent = await markRevocationsPublished(db, put, now)
  return areCurrent && put.length === revocations.length
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

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
