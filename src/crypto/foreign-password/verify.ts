import { pbkdf2 } from '../pbkdf2'
import type { ForeignHash } from './foreign-hash'

const WEBCRYPTO_CEILING = 100_000

/**
 * Whether `password` is the one behind a foreign hash. It is taken as it came, as the other system took it, and not
 * in its normal form. What only foreign hashes need is loaded when one is there, and costs the start of a Worker nothing.
 */
export async function verifyForeignPassword(
  password: string,
  stored: ForeignHash,
): Promise<boolean> {
  const derived = await derive(password, stored)
  return crypto.subtle.timingSafeEqual(derived, stored.digest)
}

async function derive(password: string, stored: ForeignHash): Promise<Uint8Array> {
  switch (stored.scheme) {
    case 'bcrypt':
      return (await import('./bcrypt')).deriveBcrypt(password, stored)
    case 'pbkdf2-sha256':
      if (stored.iterations > WEBCRYPTO_CEILING) {
        return (await import('./long-pbkdf2')).deriveLongPbkdf2(password, stored)
      }
      return pbkdf2(new TextEncoder().encode(password), stored.salt, stored.iterations)
    case 'scrypt':
      return (await import('./scrypt')).deriveScrypt(password, stored)
    case 'argon2id':
      return (await import('./argon2id')).deriveArgon2id(password, stored)
  }
}
