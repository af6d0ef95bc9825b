import type { CharacterClass } from '../config'
import type { AuthContext } from './auth-context'
import { isBreached } from './breached-password'
import { AuthError } from './errors'

const CLASSES: Record<CharacterClass, { pattern: RegExp; name: string }> = {
  upper: { pattern: /\p{Lu}/u, name: 'an upper-case letter' },
  lower: { pattern: /\p{Ll}/u, name: 'a lower-case letter' },
  digit: { pattern: /\p{Nd}/u, name: 'a digit' },
  special: { pattern: /[^\p{L}\p{N}\s]/u, name: 'a special character' },
}

export interface ProposedPassword {
  readonly password: string
  /** Whose it is to be: normalized. */
  readonly email: string
  /** Where in the input it stands. */
  readonly path: string
}

/**
 * Lengths are code points of the password as typed. No class is asked for unless the deployment does. What
 * many people choose, or anybody would guess here, is refused whatever its characters.
 * @throws AuthError weak_password, one error for each rule broken.
 */
export async function requireAcceptablePassword(
  context: Pick<AuthContext, 'config' | 'log'>,
  { password, email, path }: ProposedPassword,
): Promise<void> {
  const { minLength, require, breachCheck } = context.config.passwordPolicy
  const length = [...password].length
  const missing = require.filter((name) => !CLASSES[name].pattern.test(password))
  const messages = [
    ...(length < minLength ? [`must have at least ${minLength} characters`] : []),
    ...missing.map((name) => `must contain ${CLASSES[name].name}`),
    ...(await guessable(password, email, context.config.serviceName)),
  ]
  if (
    messages.length === 0 &&
    breachCheck === 'hibp' &&
    (await isBreached(password, context.log))
  ) {
    messages.push('is known from a breach of another site: choose one that you use nowhere else')
  }
  if (messages.length === 0) return
  throw new AuthError('weak_password', { errors: messages.map((message) => ({ path, message })) })
}

async function guessable(
  password: string,
  email: string,
  serviceName: string,
): Promise<readonly string[]> {
  const lowered = password.toLowerCase()
  const localPart = email.slice(0, email.lastIndexOf('@'))
  if (lowered === localPart || lowered === email) return ['must not be your email']
  if (lowered === serviceName.toLowerCase()) return ['must not be the name of this service']
  // Some sixty kilobytes that no other request needs.
  const { COMMON_PASSWORDS } = await import('./common-passwords')
  const isCommon = !lowered.includes('\n') && `\n${COMMON_PASSWORDS}\n`.includes(`\n${lowered}\n`)
  return isCommon ? ['is one of the most common passwords: choose another'] : []
}
