import { newOneTimeToken } from '../crypto/one-time-token'
import { uuidV7 } from '../crypto/uuid'
import type { MailType } from '../mail/messages'
import type { Purpose, TokenMail } from '../store/one-time-tokens'
import type { AuthContext } from './auth-context'

const MINUTE_MS = 60 * 1000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How long each link is good for, and the mail that carries it. */
const LINKS: Readonly<Record<Purpose, { lifeMs: number; mail: MailType }>> = {
  verify_email: { lifeMs: DAY_MS, mail: 'verify_email' },
  reset_password: { lifeMs: 30 * MINUTE_MS, mail: 'reset_password' },
  change_email: { lifeMs: DAY_MS, mail: 'change_email' },
  undo_email_change: { lifeMs: 7 * DAY_MS, mail: 'email_changed' },
  invitation: { lifeMs: 7 * DAY_MS, mail: 'invitation' },
}

/** A link to be mailed: what its row is to hold, and the mail. */
export async function newLink(
  { keys, now }: Pick<AuthContext, 'keys' | 'now'>,
  purpose: Purpose,
  { lifeMs, mail }: { lifeMs: number; mail: MailType } = LINKS[purpose],
): Promise<TokenMail> {
  const { id, keyId, tokenHash } = await newOneTimeToken({ id: uuidV7(now), purpose }, keys)
  const expiresAt = now + lifeMs
  return { id, purpose, keyId, tokenHash, now, expiresAt, mail: { id: uuidV7(now), type: mail } }
}

/** A link to choose the first password of an account that somebody else has made. It has as much time as an invitation. */
export function newFirstPasswordLink(context: Pick<AuthContext, 'keys' | 'now'>) {
  return newLink(context, 'reset_password', { lifeMs: 7 * DAY_MS, mail: 'account_created' })
}

/** A mail that tells of something, and is of use for a day. */
export function newNotice({ now }: Pick<AuthContext, 'now'>, type: MailType) {
  return { id: uuidV7(now), type, expiresAt: now + DAY_MS }
}
