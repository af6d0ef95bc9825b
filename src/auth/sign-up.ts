import { hashPassword } from '../crypto/password'
import { uuidV7 } from '../crypto/uuid'
import { createUserWithSession } from '../store/sign-ups'
import { auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import type { EmailAddress } from './email-address'
import { AuthError } from './errors'
import { type IssuedSession, issueSession, newSession, refreshTokenOf } from './issue-session'
import { requireAcceptablePassword } from './password-policy'

const FIRST_ROLE = 'user'

/** Not 0: only an imported account has tokens of the replaced system. */
const FIRST_EPOCH = 1

/**
 * Creates an account and signs it in.
 * @throws AuthError weak_password, email_taken
 */
export async function signUp(
  context: AuthContext,
  { email, password, name }: { email: EmailAddress; password: string; name: string | null },
): Promise<IssuedSession> {
  const { db, config, now, log } = context
  requireAcceptablePassword(password, config.passwordPolicy, 'password')
  const user = {
    id: uuidV7(now),
    email: email.address,
    emailNormalized: email.normalized,
    name,
    passwordHash: await hashPassword(password, config.passwordHashing),
    isActive: true,
    authEpoch: FIRST_EPOCH,
    createdAt: now,
    updatedAt: now,
  }
  const { session, refreshTokenId } = await newSession(context, user.id)
  const event = await auditEvent(context, {
    type: 'user_signed_up',
    outcome: 'success',
    actorId: user.id,
    subjectId: user.id,
    sessionId: session.id,
  })
  const account = await createUserWithSession(db, { user, roleName: FIRST_ROLE, session, event })
  if (!account) throw new AuthError('email_taken')
  log.info('user_signed_up', { user_id: user.id, session_id: session.id })
  const refreshToken = await refreshTokenOf(context, session, { id: refreshTokenId, issuedAt: now })
  return issueSession(context, { session, account, refreshToken })
}
