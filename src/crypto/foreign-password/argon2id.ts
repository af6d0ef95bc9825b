import { argon2id } from '@noble/hashes/argon2.js'
import type { Argon2idHash } from './foreign-hash'

export function deriveArgon2id(
  password: string,
  { salt, digest, memoryKib: m, passes: t, lanes: p }: Argon2idHash,
): Uint8Array {
  return argon2id(password, salt, { m, t, p, dkLen: digest.length })
}
