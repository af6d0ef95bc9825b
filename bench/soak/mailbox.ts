const WAIT_MS = 20_000
const LOOK_EVERY_MS = 50
/** What a log line at this level says is a fault, whatever was answered. */
const FAULT = '"level":"ERROR"'

type Line = Readonly<Record<'request_id' | 'text' | 'type' | 'user_id', string>>

/** Reads the log of the Worker: the mails, which are lines of it without MAIL_FROM, and what should not be there. */
export class Mailbox {
  readonly faults: string[] = []
  readonly heads: string[] = []
  /** Of a run or request, those whose mail has been written but is not said to be sent: whose it was is said then. */
  readonly #unsent = new Map<string, string[]>()
  readonly #tokens = new Map<string, string>()

  read(line: string): void {
    if (line.includes('"event":"mail"')) this.#keep(JSON.parse(line))
    else if (line.includes('"event":"mail_sent"')) this.#address(JSON.parse(line))
    else if (line.includes('"event":"audit_sealed"')) this.heads.push(String(JSON.parse(line).head))
    else if (line.includes(FAULT) || !line.startsWith('{')) this.faults.push(line)
  }

  /** The token of the link to choose a new password that was mailed to a user last, when its mail has come. */
  async takeToken(userId: string): Promise<string | null> {
    for (let waited = 0; waited < WAIT_MS; waited += LOOK_EVERY_MS) {
      const token = this.#tokens.get(userId)
      if (this.#tokens.delete(userId) && token !== undefined) return token
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
    return null
  }

  #keep({ request_id: id, text }: Line): void {
    const [, token = ''] = /\?token=([\w.-]+)/.exec(text) ?? []
    this.#unsent.set(id, [...(this.#unsent.get(id) ?? []), token])
  }

  // In the order in which they were written.
  #address({ request_id: id, type, user_id: userId }: Line): void {
    const [token = '', ...others] = this.#unsent.get(id) ?? []
    if (others.length > 0) this.#unsent.set(id, others)
    else this.#unsent.delete(id)
    if (type === 'reset_password') this.#tokens.set(userId, token)
  }
}
