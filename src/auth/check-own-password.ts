import type { AccessTokenClaims } from '../crypto/access-token'
import { parsePasswordHash, verifyPassword } from '../crypto/password'
import { recordEvent } from '../store/audit-events'
import { findOwnCredential } from '../store/credentials'
import { auditEvent } from './audit-event'
import { type AuthContext, moment } from './auth-context'
import { AuthError } from './errors'
import { requireLiveSession } from './require-live-session'

/**
 * Asks for the password of who is signed in, before what only they should do.
 * @param purpose what for, as the audit trail has it
 * @returns the hash that it was verified against, by which the batch after it knows that it still holds
 * @throws AuthError invalid_token, wrong_password
 */
export async function requireOwnPassword(
  context: AuthContext,
  { sub: userId, sid: sessionId }: AccessTokenClaims,
  password: string,
  purpose: string,
): Promise<{ passwordHash: string; email: string }> {
  const { db, config } = context
  const caller = { userId, sessionId }
  const { session, credential } = await findOwnCredential(db, caller, moment(context))
  requireLiveSession(context, { sub: userId, sid: sessionId }, session)
  const stored = credential?.passwordHash
    ? parsePasswordHash(credential.passwordHash, config.passwordHashing)
    : null
  const isRight = await verifyPassword(password, stored, config.passwordHashing)
  if (isRight && stored && credential) return { passwordHash: stored.text, email: credential.email }
  const event = await auditEvent(context, {
    type: 'password_check_failed',
    outcome: 'failure',
    actorId: userId,
    subjectId: userId,
    sessionId,
    detail: { for: purpose },
  })
  await recordEvent(db, event)
  throw new AuthError('wrong_password', { user_id: userId, session_id: sessionId })
}
