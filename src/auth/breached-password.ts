import { breachDigest } from '../crypto/breach-digest'
import { errorFields, type Logger } from '../log'

const RANGE_URL = 'https://api.pwnedpasswords.com/range/'
const PREFIX_LENGTH = 5
const TIME_LIMIT_MS = 5000

/**
 * Whether the password is known from a breach, by k-anonymity: five hex digits of its SHA-1 leave the service,
 * and the answer is padded so that its size tells nothing. Nobody is kept from a password because the other side
 * does not answer: that is logged, and counts as no.
 */
export async function isBreached(password: string, log: Logger): Promise<boolean> {
  const digest = await breachDigest(password)
  try {
    const response = await fetch(RANGE_URL + digest.slice(0, PREFIX_LENGTH), {
      headers: { 'Add-Padding': 'true' },
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
    })
    if (!response.ok) throw new Error(`the range query answered ${response.status}`)
    const suffix = digest.slice(PREFIX_LENGTH)
    return (await response.text())
      .split('\n')
      .map((line) => line.trim().split(':'))
      .some(([candidate, count]) => candidate === suffix && count !== '0')
  } catch (error) {
    log.warning('breach_check_failed', errorFields(error))
    return false
  }
}
