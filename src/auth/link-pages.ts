import type { MailType } from '../mail/messages'

/** The page that takes each mailed link, and what it calls the token. */
export const LINK_PAGES: Readonly<
  Partial<Record<MailType, readonly [path: string, name: string]>>
> = {
  verify_email: ['/verify-email', 'token'],
  reset_password: ['/reset-password', 'token'],
  account_created: ['/reset-password', 'token'],
  change_email: ['/confirm-email', 'token'],
  email_changed: ['/undo-email-change', 'token'],
  account_deletion_can_be_undone: ['/undo-email-change', 'token'],
  invitation: ['/signup', 'invitation'],
}

const NAMES = new Map(Object.values(LINK_PAGES))

/** What the page at this path calls the token in its address; undefined where no mail leads. */
export function linkTokenName(path: string): string | undefined {
  return NAMES.get(path)
}
