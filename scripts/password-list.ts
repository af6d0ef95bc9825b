import { dictionary } from '@zxcvbn-ts/language-common'

/** No shorter one can be chosen, whatever the policy. */
const SHORTEST = 8
const HOW_MANY = 6000

/** The most common passwords of at least eight characters, in lower case and in order. */
export function commonPasswords(): readonly string[] {
  const all = dictionary['passwords-common'].map((password) => String(password).toLowerCase())
  const long = [...new Set(all)].filter((password) => [...password].length >= SHORTEST)
  return long.slice(0, HOW_MANY).toSorted()
}
