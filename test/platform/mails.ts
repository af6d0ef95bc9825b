import { compose } from '../../src/mail/messages'

export interface SentMail {
  readonly to: string
  readonly from: { readonly email: string; readonly name: string }
  readonly subject: string
  readonly text: string
  readonly html: string
}

let sent: SentMail[] = []
let refusal: (() => Promise<unknown>) | null = null

/** The `send_email` binding of the tests: keeps what it is given, or does as `refuseMails` says. */
export const EMAIL: SendEmail = {
  async send(mail: unknown) {
    if (refusal) await refusal()
    sent.push(mail as SentMail)
    return { messageId: String(sent.length) }
  },
}

export function emptyMailbox(): void {
  sent = []
  refusal = null
}

/** What the mail provider does from now on instead of taking mails; null has it take them again. */
export function refuseMails(instead: (() => Promise<unknown>) | null): void {
  refusal = instead
}

/** All of this test's, the oldest first. */
export function sentMails(): readonly SentMail[] {
  return sent
}

/** The mails to this address, the oldest first. */
export function mailsTo(address: string): readonly SentMail[] {
  return sent.filter(({ to }) => to === address)
}

/** The subjects of the mails to this address. */
export function subjectsTo(address: string): readonly string[] {
  return mailsTo(address).map(({ subject }) => subject)
}

/** The token in the link of the last mail to this address. */
export function lastTokenTo(address: string): string {
  const mail = mailsTo(address).at(-1)
  if (!mail) throw new Error(`no mail to ${address}`)
  return tokenIn(mail)
}

/** The token in the link of a mail. */
export function tokenIn({ to, text }: SentMail): string {
  const token = /[#?](?:token|invitation)=(\S+)/.exec(text)?.[1]
  if (!token) throw new Error(`no link in the mail to ${to}`)
  return token
}

export const subjectOf = (type: Parameters<typeof compose>[0]) =>
  compose(type, 'x@example.com', { service: 'Gatehouse', link: null }).subject
