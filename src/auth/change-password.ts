import type { AccessTokenClaims } from '../crypto/access-token'
import { hashPassword } from '../crypto/password'
import { hashRefreshTokenId, newRefreshTokenId } from '../crypto/refresh-token'
import {
  changePassword as change,
  findChangedCredential,
  repeatPasswordChange,
} from '../store/credentials'
import { findCaller } from '../store/sessions'
import { auditEvent } from './audit-event'
import { type AuthContext, callerOf, moment } from './auth-context'
import {
  type AskedPassword,
  askForOwnPassword,
  refuseOwnPassword,
  verifiedHash,
} from './check-own-password'
import { AuthError } from './errors'
import { type IssuedSession, issueSession, refreshTokenOf } from './issue-session'
import { newNotice } from './mailed-link'
import { requireAcceptablePassword } from './password-policy'
import { publishRevocations, revocationExpiry } from './publish-revocations'
import { requireLiveSession } from './require-live-session'
import { sendAfterAnswer } from './send-after-answer'

/** For how long after a change the same request is answered as the first was, whose answer may have been lost. */
const REPEATABLE_MS = 60 * 1000

interface Passwords {
  readonly currentPassword: string
  readonly newPassword: string
  /** Whether machines go on acting for the user. */
  readonly keepsApiKeys: boolean
}

/**
 * Changes the password of whoever is signed in. All their other sessions end, and their API keys unless they are kept; the
 * one that asks goes on under new tokens, and copies of the old ones are worth nothing. Asked again within a minute, it has
 * been done: that takes the new password, and counts as an attempt.
 * @throws AuthError invalid_token, wrong_password, too_many_attempts, weak_password
 */
export async function changePassword(
  context: AuthContext,
  claims: AccessTokenClaims,
  passwords: Passwords,
): Promise<IssuedSession> {
  const { currentPassword, newPassword: password, keepsApiKeys } = passwords
  // First, since the current one would be counted as a guess.
  const email = claims.email.toLowerCase()
  await requireAcceptablePassword(context, { password, email, path: 'new_password' })
  const since = context.now - REPEATABLE_MS
  const asked = await askForOwnPassword(context, claims, since)
  const verified = asked.isTokenOver
    ? null
    : await verifiedHash(context, asked.stored, currentPassword)
  const issued =
    verified === null
      ? await repeat(context, claims, { asked, password, since })
      : ((await apply(context, claims, { asked, verified, password, keepsApiKeys })) ??
        (await repeatOvertaken(context, claims, { asked, password, since })))
  if (issued) return issued
  // The session ended, or the password was changed to another, during the derivation.
  if (verified !== null) {
    const { session } = await findCaller(context.db, callerOf(claims), moment(context))
    requireLiveSession(context, claims, session)
    throw new AuthError('wrong_password', { reason: 'changed_meanwhile', user_id: claims.sub })
  }
  throw await refuseOwnPassword(context, claims, asked, 'password_changed')
}

interface Change {
  readonly asked: AskedPassword
  readonly verified: string
  readonly password: string
  readonly keepsApiKeys: boolean
}

async function apply(
  context: AuthContext,
  claims: AccessTokenClaims,
  { asked, verified, password, keepsApiKeys }: Change,
): Promise<IssuedSession | null> {
  const next = await hashPassword(password, context.config.passwordHashing)
  const { event, renewal, refreshTokenId } = await newRenewal(context, claims, {
    api_keys: keepsApiKeys ? 'kept' : 'ended',
  })
  const changed = await change(
    context.db,
    callerOf(claims),
    {
      passwordHash: { verified, next },
      renewal,
      attempt: asked.attempt,
      keepsApiKeys,
      event,
      revocationExpiresAt: revocationExpiry(context),
      notice: newNotice(context, 'password_changed'),
    },
    moment(context),
  )
  if (!changed.isDone) return null
  sendAfterAnswer(context)
  await publishRevocations(context, changed.revocations)
  return issueRenewed(context, claims, { ...changed, refreshTokenId })
}

interface Repeat {
  readonly asked: AskedPassword
  readonly password: string
  readonly since: number
}

async function repeat(
  context: AuthContext,
  claims: AccessTokenClaims,
  { asked, password, since }: Repeat,
): Promise<IssuedSession | null> {
  if (!asked.isChanged) return null
  const passwordHash = await verifiedHash(context, asked.stored, password)
  if (passwordHash === null) return null
  const { event, renewal, refreshTokenId } = await newRenewal(context, claims, { repeated: 'true' })
  const { attempt } = asked
  const change = { passwordHash, changedSince: since, renewal, attempt, event }
  const repeated = await repeatPasswordChange(context.db, callerOf(claims), change, moment(context))
  return repeated.isDone ? issueRenewed(context, claims, { ...repeated, refreshTokenId }) : null
}

// The same request, sent twice at once: the other one was first.
async function repeatOvertaken(
  context: AuthContext,
  claims: AccessTokenClaims,
  { asked, ...given }: Repeat,
): Promise<IssuedSession | null> {
  const caller = callerOf(claims)
  const found = await findChangedCredential(context.db, caller, given.since, moment(context))
  if (!found) return null
  const { passwordHash: stored, isChanged } = found
  return repeat(context, claims, { asked: { ...asked, stored, isChanged }, ...given })
}

/** What gives the session new tokens, which do not follow from the old. */
async function newRenewal(
  context: AuthContext,
  { sub: userId, sid: sessionId }: AccessTokenClaims,
  detail: Readonly<Record<string, string>>,
) {
  const refreshTokenId = newRefreshTokenId()
  const about = { actorId: userId, subjectId: userId, sessionId, detail }
  const [refreshTokenHash, event] = await Promise.all([
    hashRefreshTokenId(refreshTokenId),
    auditEvent(context, { type: 'password_changed', outcome: 'success', ...about }),
  ])
  return { refreshTokenId, event, renewal: { sessionId, refreshTokenHash, client: context.client } }
}

async function issueRenewed(
  context: AuthContext,
  { sub, sid }: AccessTokenClaims,
  {
    session,
    account,
    refreshTokenId: id,
  }: Pick<Awaited<ReturnType<typeof change>>, 'session' | 'account'> & { refreshTokenId: string },
): Promise<IssuedSession> {
  const about = { user_id: sub, session_id: sid }
  context.log.info('password_changed', about)
  // Ended by somebody else since.
  if (!session?.isLive || !account) {
    throw new AuthError('invalid_token', { reason: 'session_ended_meanwhile', ...about })
  }
  const issuedAt = session.rotatedAt ?? session.issuedAt
  const refreshToken = await refreshTokenOf(context, session, { id, issuedAt })
  return issueSession(context, { session, account, refreshToken })
}
