import type { MailSender } from './mail-sender'

const TIME_LIMIT_MS = 10_000

/** Sends by Cloudflare's `send_email` binding, from this address. */
export function bindingSender(
  binding: SendEmail,
  from: { email: string; name: string },
): MailSender {
  return async (mail) => {
    const tooLate = Promise.withResolvers<never>()
    const timer = setTimeout(() => tooLate.reject(new Error('timeout')), TIME_LIMIT_MS)
    try {
      await Promise.race([binding.send({ ...mail, from }), tooLate.promise])
    } catch (error) {
      throw new Error(`the mail was not taken: ${codeOf(error)}`)
    } finally {
      clearTimeout(timer)
    }
  }
}

// The provider's own words may hold the address.
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if ('code' in error) return String(error.code)
  return error.message === 'timeout' ? error.message : 'unknown'
}
