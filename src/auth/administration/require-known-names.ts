import { AuthError } from '../errors'

/**
 * @param path where in the input the names stand
 * @throws AuthError validation_failed, one error for each name that is not among those known
 */
export function requireKnownNames(
  names: readonly string[],
  known: readonly { readonly name: string }[],
  path: string,
): void {
  const errors = names
    .filter((name) => !known.some((one) => one.name === name))
    .map((name) => ({ path, message: `${name} does not exist` }))
  if (errors.length > 0) throw new AuthError('validation_failed', { errors })
}
