import type { Context } from 'hono'
import type { AppEnv } from '../factory'

const CLASSES = {
  upper: 'an upper-case letter',
  lower: 'a lower-case letter',
  digit: 'a digit',
  special: 'a special character',
}

export function passwordHint(c: Context<AppEnv>): string {
  const { minLength, require } = c.get('auth').config.passwordPolicy
  const classes = require.map((name) => CLASSES[name]).join(', ')
  return `At least ${minLength} characters${classes && `, among them ${classes}`}.`
}
