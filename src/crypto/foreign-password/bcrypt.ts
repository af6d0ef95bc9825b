import { hashSync } from 'bcryptjs'
import type { BcryptHash } from './foreign-hash'

/** Of the password's first 72 bytes, as bcrypt has it; U+0000, where other implementations stop, no password has. */
export function deriveBcrypt(password: string, { setting }: BcryptHash): Uint8Array {
  return new TextEncoder().encode(hashSync(password, setting).slice(setting.length))
}
