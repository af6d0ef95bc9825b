import { attemptKey } from '../crypto/attempt-key'
import type { MailType } from '../mail/messages'
import type { MailLimit } from '../store/mail-limits'
import type { AuthContext } from './auth-context'

const HOUR_MS = 60 * 60 * 1000

/** Of every kind that has none of its own below. */
const LIMIT = { mails: 5, thenEveryMs: HOUR_MS }

/**
 * How many mails of a kind an address is sent in a day, and how long after the last one it is sent one more. Strangers
 * cannot fill a mailbox, and a warning is late but does not fail to come.
 */
const LIMITS: Readonly<Partial<Record<MailType, Omit<MailLimit, 'key'>>>> = {
  // Accounts of anybody's name any address as their next one, or invite it.
  change_email: { mails: 5, thenEveryMs: 6 * HOUR_MS },
  invitation: { mails: 5, thenEveryMs: 6 * HOUR_MS },
  // Each carries a link that brings the account back.
  email_changed: { mails: 10, thenEveryMs: HOUR_MS },
}

/** The limit of one kind of mail at one address. */
export async function limitOf(
  { keys }: Pick<AuthContext, 'keys'>,
  type: MailType,
  email: string,
): Promise<MailLimit> {
  const key = await attemptKey(['mail', type, email.toLowerCase()], keys)
  return { key, ...(LIMITS[type] ?? LIMIT) }
}
