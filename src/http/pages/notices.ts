/** What a page says after something was done: its address holds the key, never the words. */
const NOTICES: Readonly<Record<string, string>> = {
  logged_out: 'You are logged out.',
  password_reset: 'Your password is changed. Log in with it.',
  reset_mailed:
    'If there is an account with this email, a link to choose a new password is on its way to it. It is good for 30 minutes.',
  email_verified: 'Your email is confirmed.',
  verification_mailed:
    'If this email is yet to be confirmed, a link is on its way to it. It is good for 24 hours.',
  email_changed: 'Your email is changed.',
  email_undone:
    'Your email is back as it was, and everybody is logged out. Choose a new password by the link that was mailed to you.',
  account_deleted: 'Your account is gone.',
  account_deletion_scheduled:
    'Your account is disabled. Its email was changed within the last 7 days: it will be deleted when that cannot be undone any more. Until then, the link that was mailed to the previous address keeps it.',
  name_changed: 'Your name is changed.',
  password_changed: 'Your password is changed. All your other sessions have ended.',
  email_change_mailed:
    'Open the link that was mailed to the new address: the email changes when you do.',
  session_ended: 'The session has ended.',
  api_key_revoked: 'The API key is revoked: it is refused from now on.',
  sessions_ended: 'All your other sessions have ended.',
  user_disabled: 'The account is disabled, and all of its sessions have ended.',
  user_enabled: 'The account is enabled.',
  user_sessions_ended: 'All sessions and API keys of the user have ended.',
  password_reset_forced:
    'The password is taken away, all sessions have ended, and a link to choose another is on its way.',
  roles_changed: 'The roles are changed.',
}

export function noticeOf(key: string | undefined): string | undefined {
  return key !== undefined && Object.hasOwn(NOTICES, key) ? NOTICES[key] : undefined
}
