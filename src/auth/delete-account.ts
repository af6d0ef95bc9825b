import type { AccessTokenClaims } from '../crypto/access-token'
import { deleteAccount as remove } from '../store/accounts'
import { auditEvent } from './audit-event'
import { auditSigner } from './audit-seal'
import { type AuthContext, callerOf, moment } from './auth-context'
import { requireOwnPassword } from './check-own-password'
import { sendAfterAnswer } from './deliver-mails'
import { AuthError } from './errors'
import { newNotice } from './mailed-link'
import { publishRevocations, revocationExpiry } from './publish-revocations'

const NOBODY = { ip: null, network: null, userAgent: null }

/**
 * Deletes who is signed in, with all that is stored about them. What the audit trail knows of them is reduced to
 * what happened and to ids that lead to nobody any more.
 * @throws AuthError invalid_token, wrong_password, too_many_attempts, last_admin
 */
export async function deleteAccount(
  context: AuthContext,
  claims: AccessTokenClaims,
  password: string,
): Promise<void> {
  const { sub: userId, sid: sessionId } = claims
  const { passwordHash, attempt } = await requireOwnPassword(
    context,
    claims,
    password,
    'user_deleted',
  )
  // Neither event may hold what the second of them says is gone.
  const unseen = { ...context, client: NOBODY }
  const about = { outcome: 'success', actorId: userId, subjectId: userId, sessionId } as const
  const events = {
    deleted: await auditEvent(unseen, { type: 'user_deleted', ...about }),
    erased: await erasureEvent(unseen, userId),
  }
  const { before, revocations, isDone } = await remove(
    context.db,
    callerOf(claims),
    {
      passwordHash,
      attempt,
      events,
      revocationExpiresAt: revocationExpiry(context),
      notice: newNotice(context, 'account_deleted'),
    },
    moment(context),
  )
  if (!isDone) throw refusal(before)
  context.log.info('user_deleted', { user_id: userId })
  sendAfterAnswer(context)
  await publishRevocations(context, revocations)
}

// The password was right when it was looked at.
function refusal(before: Awaited<ReturnType<typeof remove>>['before']): AuthError {
  if (!before?.isCallerLive)
    return new AuthError('invalid_token', { reason: 'session_ended_meanwhile' })
  return new AuthError(before.isLastAdmin ? 'last_admin' : 'wrong_password')
}

// Signed, where there is a key: else anybody who writes to the database could explain away what they erase.
async function erasureEvent(context: AuthContext, userId: string) {
  const signer = await auditSigner(context)
  const erasedAt = context.now
  const detail = signer && {
    erased_at: String(erasedAt),
    public_key: signer.publicKey,
    signature: await signer.sign('personal_data_erased', {
      subject_id: userId,
      erased_at: erasedAt,
    }),
  }
  return auditEvent(context, {
    type: 'personal_data_erased',
    outcome: 'success',
    actorId: userId,
    subjectId: userId,
    sessionId: null,
    ...(detail && { detail }),
  })
}
