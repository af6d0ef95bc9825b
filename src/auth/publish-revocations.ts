import { putRevocationMarker, sessionRevocationKey } from '../store/revocation-markers'
import {
  findRevocations,
  findUnpublishedRevocations,
  markRevocationPublished,
  type Revocation,
} from '../store/revocations'
import type { AuthContext } from './auth-context'

type Publishing = Pick<AuthContext, 'db' | 'markers' | 'log' | 'now' | 'defer'>

const SHORTEST_LIFE_SECONDS = 60
const SKEW_SECONDS = 120
/** KV takes one write a second for a key. */
const RETRY_AFTER_MS = 1100
const PENDING_LIMIT = 100

/** Says that a session has ended, for as long as an access token of it could be unexpired. */
export function sessionRevocation(
  { now, config }: Pick<AuthContext, 'now' | 'config'>,
  sessionId: string,
): Revocation {
  const lifeSeconds = Math.max(SHORTEST_LIFE_SECONDS, config.accessTtl + SKEW_SECONDS)
  return { key: sessionRevocationKey(sessionId), value: '1', expiresAt: now + lifeSeconds * 1000 }
}

/**
 * Tells KV, before the answer, what a batch has revoked. What cannot be told is tried once more after the
 * answer and then left to the job that runs every minute: the row is there, so nothing is lost.
 */
export async function publishRevocations(
  context: Publishing,
  revocations: readonly Revocation[],
): Promise<void> {
  await Promise.all(
    revocations.map(async (revocation) => {
      const isPut = await put(context, revocation)
      context.defer(async () => {
        if (!isPut || !(await markRevocationPublished(context.db, revocation, context.now))) {
          await publishAgain(context, revocation.key)
        }
      })
    }),
  )
}

/** The job's part: what has not been published yet, the most urgent first. */
export async function publishPendingRevocations(context: Publishing): Promise<void> {
  const { db, now, log } = context
  const pending = await findUnpublishedRevocations(db, now, PENDING_LIMIT)
  let published = 0
  for (const revocation of pending) {
    if (!(await put(context, revocation))) continue
    if (await markRevocationPublished(db, revocation, now)) published++
  }
  if (pending.length > 0) log.info('revocations_published', { published, pending: pending.length })
}

// The value is read again: another request may have written a newer one, and KV keeps the last it is given.
async function publishAgain(context: Publishing, key: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS))
  const [revocation] = await findRevocations(context.db, [key], context.now)
  if (!revocation || !(await put(context, revocation))) return
  await markRevocationPublished(context.db, revocation, context.now)
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
