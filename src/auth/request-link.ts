import { requestLink as request } from '../store/links'
import { auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import { sendAfterAnswer } from './deliver-mails'
import type { EmailAddress } from './email-address'
import { requireHuman } from './guess-limits'
import { newLink } from './mailed-link'

const EVENTS = {
  reset_password: 'password_reset_requested',
  verify_email: 'email_verification_requested',
} as const

/**
 * Has a link mailed by which a new password is chosen, as `requestLink` does; after failed logins it asks for a challenge,
 * where one is configured.
 * @throws AuthError challenge_required, challenge_unavailable
 */
export async function forgetPassword(
  context: AuthContext,
  { email, turnstileToken }: { email: EmailAddress; turnstileToken: string | undefined },
): Promise<void> {
  await requireHuman(context, email.normalized, turnstileToken, 'forgot_password')
  await requestLink(context, 'reset_password', email)
}

/**
 * Has a link mailed to the account with this email: at most one a minute and five a day, to an active account,
 * and to verify only one that has not. Whether there was one shows in nothing: not in the answer, the work
 * before it, or the statements.
 */
export async function requestLink(
  context: AuthContext,
  purpose: keyof typeof EVENTS,
  { normalized }: EmailAddress,
): Promise<void> {
  const token = await newLink(context, purpose)
  const event = await auditEvent(context, {
    type: EVENTS[purpose],
    outcome: 'success',
    actorId: null,
    subjectId: null,
    sessionId: null,
  })
  await request(context.db, { emailNormalized: normalized, token, event })
  sendAfterAnswer(context)
}
