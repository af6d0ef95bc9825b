import { hashPassword } from '../crypto/password'
import { uuidV7 } from '../crypto/uuid'
import { FIRST_ROLE } from '../store/roles'
import { createUserWithSession } from '../store/sign-ups'
import type { UserAccount } from '../store/users'
import { auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import type { EmailAddress } from './email-address'
import { AuthError } from './errors'
import { requireHuman } from './guess-limits'
import { acceptInvitation } from './invitation'
import { type IssuedSession, issueSession, newSession, refreshTokenOf } from './issue-session'
import { newLink } from './mailed-link'
import { requireAcceptablePassword } from './password-policy'
import { publishRevocations } from './publish-revocations'
import { replacedSession } from './replaced-session'
import { sendAfterAnswer } from './send-after-answer'

/** Not 0: only an imported account has tokens of the replaced system. */
export const FIRST_EPOCH = 1

export interface SignUpInput {
  readonly email: EmailAddress
  readonly password: string
  readonly name: string | null
  /** The token of an invitation. */
  readonly invitation: string | null
  /** Of a challenge that was solved, where one is asked for. */
  readonly turnstileToken?: string | undefined
  /** The refresh token that the browser has, whose session ends with this. */
  readonly replacedToken?: string | undefined
}

/**
 * Creates an account and signs it in, unless its email has to be verified first: then there is no session.
 * @throws AuthError signup_closed, invitation_required, weak_password, email_taken, challenge_required,
 * challenge_unavailable
 */
export async function signUp(
  context: AuthContext,
  input: SignUpInput,
): Promise<{ account: UserAccount; issued: IssuedSession | null }> {
  const { email, password } = input
  await requireHuman(context, email.normalized, input.turnstileToken, 'sign_up')
  const invitation = await acceptInvitation(context, email, input.invitation)
  await requireAcceptablePassword(context, { password, email: email.normalized, path: 'password' })
  const user = await newUser(context, input, { isVerified: invitation !== null })
  const { emailVerification } = context.config
  const first = await newSession(context, user.id)
  const session = emailVerification === 'required' && !invitation ? null : first.session
  const event = await auditEvent(context, {
    type: 'user_signed_up',
    outcome: 'success',
    actorId: user.id,
    subjectId: user.id,
    sessionId: session?.id ?? null,
  })
  const isMailed = emailVerification !== 'off' && !invitation
  const { account, revocations } = await createUserWithSession(context.db, {
    user,
    roles: invitation?.roles ?? [FIRST_ROLE],
    session,
    verification: isMailed ? await newLink(context, 'verify_email') : null,
    invitation: invitation?.redemption(event.id) ?? null,
    replaced: session && (await replacedSession(context, input.replacedToken)),
    event,
  })
  if (!account) throw new AuthError('email_taken')
  context.log.info('user_signed_up', { user_id: user.id, session_id: session?.id ?? '' })
  if (isMailed) sendAfterAnswer(context)
  if (revocations.length > 0) context.defer(() => publishRevocations(context, revocations))
  if (!session) return { account, issued: null }
  const refreshToken = await refreshTokenOf(context, session, {
    id: first.refreshTokenId,
    issuedAt: context.now,
  })
  // Not the epoch that somebody may have raised between two runs of the batch: this token is of the first.
  const asCreated = { ...account, authEpoch: FIRST_EPOCH }
  const issued = await issueSession(context, { session, account: asCreated, refreshToken })
  return { account, issued }
}

async function newUser(
  { config, now }: AuthContext,
  { email, password, name }: SignUpInput,
  { isVerified }: { isVerified: boolean },
) {
  return {
    id: uuidV7(now),
    email: email.address,
    emailNormalized: email.normalized,
    name,
    passwordHash: await hashPassword(password, config.passwordHashing),
    isActive: true,
    // Whoever has an invitation has read the mail.
    emailVerifiedAt: isVerified ? now : null,
    authEpoch: FIRST_EPOCH,
    createdAt: now,
    updatedAt: now,
  }
}
