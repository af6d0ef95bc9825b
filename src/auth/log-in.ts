import {
  hashPassword,
  needsRehash,
  type PasswordHash,
  parsePasswordHash,
  verifyPassword,
} from '../crypto/password'
import type { Counted } from '../store/login-attempts'
import { type Login, reserveLogin, startSession } from '../store/logins'
import { findCredential } from '../store/users'
import { auditEvent } from './audit-event'
import { type AuthContext, moment } from './auth-context'
import type { EmailAddress } from './email-address'
import { AuthError } from './errors'
import { newGuess, recordFailure, requireReserved } from './guess-limits'
import { type IssuedSession, issueSession, newSession, refreshTokenOf } from './issue-session'
import { newNotice } from './mailed-link'
import { publishRevocations, revocationExpiry } from './publish-revocations'
import { replacedSession } from './replaced-session'
import { sendAfterAnswer } from './send-after-answer'

type Credential = Awaited<ReturnType<typeof findCredential>>

/**
 * Starts a session with a password. An unknown email costs the same work and gets the same answer as a
 * wrong password; that an account is disabled is told only to who knows its password.
 *
 * A hash that changed while it was being verified is verified again, once: a login beside this one may
 * have brought it up to date.
 *
 * Each attempt is counted before its password is looked at, and the count is taken back when it was right.
 *
 * @throws AuthError invalid_credentials, account_disabled, email_not_verified, too_many_attempts,
 * challenge_required, challenge_unavailable
 */
export async function logIn(
  context: AuthContext,
  { email, password, turnstileToken, replacedToken }: LogInInput,
): Promise<IssuedSession> {
  const { db } = context
  const guess = await newGuess(context, email.normalized, turnstileToken, 'log_in')
  const { reservation, credential } = await reserveLogin(db, guess.attempt)
  const counted = requireReserved(reservation, guess)
  const issued =
    (await tryLogIn(context, { password, credential, counted, replacedToken })) ??
    (await tryLogIn(context, {
      password,
      credential: await findCredential(db, email.normalized),
      counted,
    }))
  if (issued) return issued
  throw new AuthError('invalid_credentials', { reason: 'password_changed_meanwhile' })
}

export interface LogInInput {
  readonly email: EmailAddress
  readonly password: string
  /** Of a challenge that was solved, where one is asked for. */
  readonly turnstileToken?: string | undefined
  /** The refresh token that the browser has, whose session ends with this. */
  readonly replacedToken?: string | undefined
}

interface Try extends Pick<LogInInput, 'replacedToken'> {
  readonly password: string
  readonly credential: Credential
  readonly counted: Counted
}

/** Null when the stored hash changed in between. */
async function tryLogIn(
  context: AuthContext,
  { password, credential, counted, replacedToken }: Try,
): Promise<IssuedSession | null> {
  const { passwordHashing } = context.config
  const stored = readStoredHash(context, credential)
  if (!(await verifyPassword(password, stored, passwordHashing)) || !credential || !stored) {
    throw await refuseLogin(context, credential, counted)
  }
  const next = needsRehash(stored, passwordHashing)
    ? await hashPassword(password, passwordHashing)
    : stored.text
  const passwordHash = { verified: stored.text, next }
  const { userId } = credential
  const { attempt } = counted
  return beginSession(context, { userId, passwordHash, attempt, replacedToken })
}

// A row that cannot be read is a failed login for the caller and an alarm for the operator.
function readStoredHash({ config, log }: AuthContext, credential: Credential): PasswordHash | null {
  if (!credential?.passwordHash) return null
  const stored = parsePasswordHash(credential.passwordHash, config.passwordHashing)
  if (!stored) log.error('password_hash_unusable', { user_id: credential.userId })
  return stored
}

async function refuseLogin(
  context: AuthContext,
  credential: Credential,
  counted: Counted,
): Promise<AuthError> {
  const reason = !credential
    ? 'unknown_email'
    : credential.passwordHash
      ? 'wrong_password'
      : 'no_password'
  const userId = credential?.userId ?? null
  await recordFailure(context, counted, {
    type: 'login_failed',
    outcome: 'failure',
    actorId: null,
    subjectId: userId,
    sessionId: null,
    detail: { reason },
  })
  return new AuthError('invalid_credentials', { reason, ...(userId && { user_id: userId }) })
}

type Beginning = Pick<Login, 'passwordHash' | 'attempt'> &
  Pick<LogInInput, 'replacedToken'> & { readonly userId: string }

async function beginSession(
  context: AuthContext,
  { userId, passwordHash, attempt, replacedToken }: Beginning,
): Promise<IssuedSession | null> {
  const { db, now, log } = context
  const { session, refreshTokenId } = await newSession(context, userId)
  const events = await loginEvents(context, userId, session.id)
  const revocationExpiresAt = revocationExpiry(context)
  const mustBeVerified = context.config.emailVerification === 'required'
  const notice = newNotice(context, 'new_device')
  const login = {
    session,
    passwordHash,
    attempt,
    events,
    mustBeVerified,
    notice,
    revocationExpiresAt,
    replaced: await replacedSession(context, replacedToken),
  }
  const result = await startSession(db, login, moment(context))
  const { started, account, revocations, isNoticed } = result
  if (!account) throw new AuthError('invalid_credentials', { reason: 'user_gone' })
  if (!account.isActive) throw new AuthError('account_disabled', { user_id: userId })
  if (mustBeVerified && account.emailVerifiedAt === null) {
    throw new AuthError('email_not_verified', { user_id: userId })
  }
  if (!started) return null
  if (revocations.length > 0) context.defer(() => publishRevocations(context, revocations))
  if (isNoticed) sendAfterAnswer(context)
  log.info('login_succeeded', { user_id: userId, session_id: session.id })
  const refreshToken = await refreshTokenOf(context, session, { id: refreshTokenId, issuedAt: now })
  return issueSession(context, { session, account, refreshToken })
}

async function loginEvents(context: AuthContext, userId: string, sessionId: string) {
  const about = { actorId: userId, subjectId: userId }
  const failed = { type: 'login_failed', outcome: 'failure', ...about, sessionId: null } as const
  const [succeeded, refused, unverified, limitReached] = await Promise.all([
    auditEvent(context, { type: 'login_succeeded', outcome: 'success', ...about, sessionId }),
    auditEvent(context, { ...failed, detail: { reason: 'account_disabled' } }),
    auditEvent(context, { ...failed, detail: { reason: 'email_not_verified' } }),
    auditEvent(context, { type: 'session_limit_reached', outcome: 'success', ...about, sessionId }),
  ])
  return { succeeded, refused, unverified, limitReached }
}
