import { carryOutDeletion, findDueDeletions } from '../store/account-deletion'
import { eraseDeparted, findDueErasures } from '../store/erasures'
import { newDeletion } from './account-deletion'
import type { AuthContext } from './auth-context'
import { erasureEvent } from './erasure-event'

/** Of one run, a round trip each: the job runs every minute. */
const MOST_DELETIONS = 20
const MOST_ERASURES = 20

/** The job's part: deletes the accounts whose scheduled deletion is due. */
export async function carryOutDeletions(context: AuthContext): Promise<void> {
  const { db, now, log } = context
  for (const { userId } of await findDueDeletions(db, now, MOST_DELETIONS)) {
    const deletion = await newDeletion(context, { userId, actorId: null, sessionId: null })
    const isDone = await carryOutDeletion(db, userId, deletion, now)
    if (isDone) log.info('user_deleted', { user_id: userId })
  }
}

/** The job's part: erases what was kept as evidence of those who left AUDIT_EVIDENCE_DAYS ago. */
export async function eraseDepartures(context: AuthContext): Promise<void> {
  const { db, now, log } = context
  for (const departure of await findDueErasures(db, now, MOST_ERASURES)) {
    const { userId } = departure
    const erased = await erasureEvent(context, { userId, actorId: null }, ['actor'])
    await eraseDeparted(db, departure, erased, now)
    log.info('personal_data_erased', { user_id: userId })
  }
}
