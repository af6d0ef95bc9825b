import type { CharacterClass, Config } from '../config'
import { AuthError } from './errors'

const CLASSES: Record<CharacterClass, { pattern: RegExp; name: string }> = {
  upper: { pattern: /\p{Lu}/u, name: 'an upper-case letter' },
  lower: { pattern: /\p{Ll}/u, name: 'a lower-case letter' },
  digit: { pattern: /\p{Nd}/u, name: 'a digit' },
  special: { pattern: /[^\p{L}\p{N}\s]/u, name: 'a special character' },
}

/**
 * Lengths are code points of the password as typed. No class is asked for unless the deployment does.
 * @throws AuthError weak_password, one error for each rule broken.
 */
export function requireAcceptablePassword(
  password: string,
  { minLength, require }: Config['passwordPolicy'],
  path: string,
): void {
  const length = [...password].length
  const missing = require.filter((name) => !CLASSES[name].pattern.test(password))
  const messages = [
    ...(length < minLength ? [`must have at least ${minLength} characters`] : []),
    ...missing.map((name) => `must contain ${CLASSES[name].name}`),
  ]
  if (messages.length === 0) return
  throw new AuthError('weak_password', { errors: messages.map((message) => ({ path, message })) })
}
