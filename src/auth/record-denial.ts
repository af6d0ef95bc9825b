import { attemptKey } from '../crypto/attempt-key'
import { randomText } from '../crypto/digest'
import { countDenial, findDenials } from '../store/denials'
import { type AuditEvent, auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'

const WINDOW_MS = 60 * 60 * 1000
/** After the first and the fifth of a window, every so many are recorded. */
const EVERY = 100

/**
 * Counts a refusal, and records it if it is the first of its kind in an hour, the fifth or a hundredth: whoever is logged in
 * may ask for what they may not as often as they like. The event says which it is.
 * @param kind what is counted together: refusals of one actor for one reason
 */
export async function recordDenial(
  context: AuthContext,
  kind: readonly string[],
  { detail, ...event }: AuditEvent,
): Promise<void> {
  const { db, keys, now } = context
  const key = await attemptKey(['denied', ...kind], keys)
  const before = await findDenials(db, key, now)
  const next = (Math.floor(before / EVERY) + 1) * EVERY
  // Others may be counted between the two round trips: the one after the next hundred is beyond what comes at once.
  const counts = [1, 5, next, next + EVERY]
  const recorded = await Promise.all(
    counts.map(async (count) => ({
      count,
      event: await auditEvent(context, { ...event, detail: { ...detail, count: String(count) } }),
    })),
  )
  await countDenial(db, { key, id: randomText(16), windowMs: WINDOW_MS, now, recorded })
}
