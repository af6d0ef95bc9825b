import type { Mail } from './mail-sender'

/** Every mail that the service sends. */
export type MailType =
  | 'verify_email'
  | 'reset_password'
  | 'change_email'
  | 'email_changed'
  | 'invitation'
  | 'password_changed'
  | 'account_deleted'
  | 'new_device'
  | 'api_key_created'
  | 'refresh_token_reused'

export interface MailContent {
  /** What the service is called. */
  readonly service: string
  /** Null in a mail that only tells something. */
  readonly link: string | null
}

interface Wording {
  readonly subject: string
  readonly paragraphs: readonly string[]
  /** What the link does, where there is one. */
  readonly action?: string
  readonly ending?: string
}

const NOT_YOU = 'If this was not you, reset your password now: whoever did it is then logged out.'

const WORDINGS: Readonly<Record<MailType, (service: string) => Wording>> = {
  verify_email: (service) => ({
    subject: `Confirm your email for ${service}`,
    paragraphs: [`Somebody, probably you, gave this address for an account at ${service}.`],
    action: 'Confirm this address',
    ending: 'The link is good for 24 hours. If it was not you, do nothing, and nothing happens.',
  }),
  reset_password: (service) => ({
    subject: `Choose a new password for ${service}`,
    paragraphs: [
      `Somebody, probably you, asked for a new password for your account at ${service}.`,
    ],
    action: 'Choose a new password',
    ending:
      'The link is good for 30 minutes, once. If it was not you, do nothing: your password stays.',
  }),
  change_email: (service) => ({
    subject: `Confirm your new email for ${service}`,
    paragraphs: [`You asked for this address to become that of your account at ${service}.`],
    action: 'Use this address',
    ending: 'The link is good for 24 hours. If it was not you, do nothing, and nothing happens.',
  }),
  email_changed: (service) => ({
    subject: `The email of your ${service} account has changed`,
    paragraphs: [
      `Your account at ${service} has another email address now. If you did this, there is nothing to do.`,
    ],
    action: 'It was not me: undo it',
    ending:
      'Undoing it is possible for 7 days. It brings this address back, logs everybody out, and asks you to choose a new password.',
  }),
  invitation: (service) => ({
    subject: `You are invited to ${service}`,
    paragraphs: [`Somebody who may has invited you to ${service}.`],
    action: 'Create your account',
    ending: 'The invitation is good for 7 days, once, and for this address.',
  }),
  password_changed: (service) => ({
    subject: `Your ${service} password has changed`,
    paragraphs: [`The password of your account at ${service} has just been changed.`, NOT_YOU],
  }),
  account_deleted: (service) => ({
    subject: `Your ${service} account is gone`,
    paragraphs: [`Your account at ${service} and what belonged to it have been deleted.`],
  }),
  api_key_created: (service) => ({
    subject: `A new API key of your ${service} account`,
    paragraphs: [
      `Somebody, probably you, has made a key by which a machine acts for your account at ${service}.`,
      NOT_YOU,
    ],
  }),
  refresh_token_reused: (service) => ({
    subject: `We ended a session of your ${service} account`,
    paragraphs: [
      `We ended a session of your account at ${service} because a token that it had already replaced was used again. This can mean that somebody has copied the session. It can also be a device that went back to an older state, such as a restored backup.`,
      'You can log in again. Your other sessions go on; your account page lists them.',
      'If you do not know why this happened, change your password: every other session then ends.',
    ],
  }),
  new_device: (service) => ({
    subject: `A new login to your ${service} account`,
    paragraphs: [
      `Somebody, probably you, has logged in to your account at ${service} from a place and a device that were not seen there lately.`,
      NOT_YOU,
    ],
  }),
}

export function isMailType(type: string): type is MailType {
  return Object.hasOwn(WORDINGS, type)
}

/** The mail of this type, as plain text and as HTML that says the same. */
export function compose(type: MailType, to: string, { service, link }: MailContent): Mail {
  const { subject, paragraphs, action, ending } = WORDINGS[type](service)
  const hasLink = link !== null && action !== undefined
  const text = [
    ...paragraphs,
    ...(hasLink ? [`${action}:\n${link}`] : []),
    ...(ending ? [ending] : []),
  ].join('\n\n')
  const html = [
    ...paragraphs.map(paragraph),
    ...(hasLink ? [`<p><a href="${escapeHtml(link)}">${escapeHtml(action)}</a></p>`] : []),
    ...(hasLink ? [`<p>Or open this address:<br>${escapeHtml(link)}</p>`] : []),
    ...(ending ? [paragraph(ending)] : []),
  ].join('\n')
  return { to, subject, text: `${text}\n`, html: page(subject, html) }
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>
<body>
${body}
</body>
</html>
`
}

function paragraph(text: string): string {
  return `<p>${escapeHtml(text)}</p>`
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
