/** A mail, ready to be sent. */
export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Hands a mail to whoever delivers it, or rejects with why not. */
export type MailSender = (mail: Mail) => Promise<void>
