import type { AccessTokenClaims } from '../crypto/access-token'
import { type DeletionSchedule, requestDeletion } from '../store/account-deletion'
import { newDeletion } from './account-deletion'
import { auditEvent } from './audit-event'
import { type AuthContext, callerOf, moment } from './auth-context'
import { requireOwnPassword } from './check-own-password'
import { AuthError } from './errors'
import { newNotice } from './mailed-link'
import { publishRevocations, revocationExpiry } from './publish-revocations'
import { sendAfterAnswer } from './send-after-answer'

/**
 * Deletes the caller's account, with all that is stored about them. While a change of their email can be undone, the account
 * is disabled and the deletion is scheduled for when it cannot be undone any more: an intruder who took the account over
 * must not be able to end the owner's way back.
 * @returns when it will be deleted; null where it has been
 * @throws AuthError invalid_token, wrong_password, too_many_attempts, last_admin
 */
export async function deleteAccount(
  context: AuthContext,
  claims: AccessTokenClaims,
  password: string,
): Promise<number | null> {
  const { sub: userId, sid: sessionId } = claims
  const own = await requireOwnPassword(context, claims, password, 'user_deleted')
  const result = await requestDeletion(
    context.db,
    callerOf(claims),
    {
      ...own,
      deletion: await newDeletion(context, { userId, actorId: userId, sessionId }),
      schedule: await newSchedule(context, claims),
    },
    moment(context),
  )
  const { before, revocations, isDeleted, deletesAt } = result
  if (!isDeleted && deletesAt === null) throw refusal(before)
  context.log.info(isDeleted ? 'user_deleted' : 'user_deletion_scheduled', { user_id: userId })
  sendAfterAnswer(context)
  await publishRevocations(context, revocations)
  return isDeleted ? null : deletesAt
}

async function newSchedule(
  context: AuthContext,
  { sub: userId, sid: sessionId }: AccessTokenClaims,
): Promise<DeletionSchedule> {
  return {
    scheduled: await auditEvent(context, {
      type: 'user_deletion_scheduled',
      outcome: 'success',
      actorId: userId,
      subjectId: userId,
      sessionId,
    }),
    revocationExpiresAt: revocationExpiry(context),
    notices: {
      current: newNotice(context, 'account_deletion_scheduled'),
      former: newNotice(context, 'account_deletion_can_be_undone'),
    },
  }
}

// The password was right when it was looked at.
function refusal(before: Awaited<ReturnType<typeof requestDeletion>>['before']): AuthError {
  if (!before?.isCallerLive)
    return new AuthError('invalid_token', { reason: 'session_ended_meanwhile' })
  return new AuthError(before.isLastAdmin ? 'last_admin' : 'wrong_password')
}
