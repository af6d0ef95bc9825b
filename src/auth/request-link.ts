import { attemptKey } from '../crypto/attempt-key'
import { uuidV7 } from '../crypto/uuid'
import { type AskedPurpose, recordMailRequest } from '../store/mail-requests'
import type { AuthContext } from './auth-context'
import type { EmailAddress } from './email-address'
import { type Guess, newGuess } from './guess-limits'
import { sendAfterAnswer } from './send-after-answer'
import { settleMailRequest } from './settle-mail-requests'
import { challengeRefusal } from './turnstile'

/**
 * Has a link mailed by which a new password is chosen, as `requestLink` does; after failed logins it asks for a challenge,
 * where one is configured.
 * @throws AuthError challenge_required, challenge_unavailable
 */
export async function forgetPassword(
  context: AuthContext,
  { email, turnstileToken }: { email: EmailAddress; turnstileToken: string | undefined },
): Promise<void> {
  const isAsked = context.config.turnstileSecret !== null
  const guess = isAsked
    ? await newGuess(context, email.normalized, turnstileToken, 'forgot_password')
    : null
  await askForLink(context, 'reset_password', email, guess)
}

/**
 * Has a link mailed to the account with this email, if it is active and, to verify, has not done so: at most once a
 * minute, five times a day and then once an hour. Whether there was one shows in nothing: not in the answer, nor in the
 * statements, the rows and the time before it.
 */
export async function requestLink(
  context: AuthContext,
  purpose: AskedPurpose,
  email: EmailAddress,
): Promise<void> {
  await askForLink(context, purpose, email, null)
}

async function askForLink(
  context: AuthContext,
  purpose: AskedPurpose,
  { normalized: emailNormalized }: EmailAddress,
  guess: Guess | null,
): Promise<void> {
  const { db, keys, now } = context
  const key = await attemptKey(['mail_request', purpose, emailNormalized], keys)
  const request = { key, purpose, requestId: uuidV7(now), emailNormalized, now }
  const { isChallenged } = await recordMailRequest(db, request, guess?.attempt ?? null)
  if (guess && isChallenged) throw challengeRefusal(guess.challenge)
  context.defer(async () => {
    await settleMailRequest(context, request)
    sendAfterAnswer(context)
  })
}
