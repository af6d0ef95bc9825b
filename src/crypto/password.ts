import { type ForeignHash, readForeignHash } from './foreign-password/foreign-hash'
import { verifyForeignPassword } from './foreign-password/verify'
import { OWN_SCHEME, type OwnHash, readOwnHash, writeOwnHash } from './password-hash'
import { pbkdf2 } from './pbkdf2'

// PBKDF2-HMAC-SHA-256 in a chain, because production Workers refuse more than 100,000 iterations in one
// call (the local runtime does not) and OWASP asks for 600,000:
//
//   T0  = UTF-8(NFC(password))
//   Tj  = PBKDF2(password = T(j-1), salt = salt ‖ byte(j), iterations = i, length = 32)   j = 1..r
//   tag = HMAC-SHA-256(pepper k, "pwd-v1" ‖ 0x00 ‖ Tr)
//
// Round j cannot start before the 32 bytes of round j-1 exist, so that a guess costs r·i sequential
// HMACs. Intermediates are never truncated; the round byte makes each round a different function.

const SALT_BYTES = 16
const TAG_BYTES = 32
const PEPPER_CONTEXT = new TextEncoder().encode('pwd-v1\0')

/** How new passwords are hashed, and the peppers that stored ones may need. */
export interface PasswordHashing {
  /** Iterations of each PBKDF2 call. */
  readonly iterations: number
  /** Calls in the chain. */
  readonly rounds: number
  /** The version among `peppers` that new hashes use. */
  readonly pepperVersion: number
  readonly peppers: ReadonlyMap<number, Uint8Array>
}

interface OwnPasswordHash extends OwnHash {
  readonly pepper: Uint8Array
}

/** A stored password hash, ours or of a system that was replaced, parsed and within bounds. */
export type PasswordHash = OwnPasswordHash | ForeignHash

/** @returns `$pbkdf2-sha256-chain$v=1$i=…,r=…,k=…$salt$tag` under a fresh 16-byte salt. */
export async function hashPassword(password: string, hashing: PasswordHashing): Promise<string> {
  const { iterations, rounds, pepperVersion, peppers } = hashing
  const pepper = peppers.get(pepperVersion)
  if (!pepper) throw new Error(`no pepper of version ${pepperVersion}`)
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const tag = await deriveTag(password, { iterations, rounds, pepper, salt })
  return writeOwnHash({ iterations, rounds, pepperVersion, salt, tag })
}

/**
 * Whether `password` is the one behind `stored`. With null (unknown user, unusable row) the same work is
 * done against a decoy and the answer is false, so that timing tells nothing (OWASP Authentication). Of a
 * foreign hash a wrong password costs its own work and ours: never less than that of an unknown user.
 */
export async function verifyPassword(
  password: string,
  stored: PasswordHash | null,
  hashing: PasswordHashing,
): Promise<boolean> {
  const own = stored?.scheme === OWN_SCHEME ? stored : null
  const foreign = stored?.scheme === OWN_SCHEME ? null : stored
  if (foreign && (await verifyForeignPassword(password, foreign))) return true
  const tag = await deriveTag(password, own ?? decoy(hashing))
  const matches = crypto.subtle.timingSafeEqual(tag, own?.tag ?? new Uint8Array(TAG_BYTES))
  return own !== null && matches
}

/** Null unless every field is in bounds and its pepper is known. */
export function parsePasswordHash(text: string, hashing: PasswordHashing): PasswordHash | null {
  const own = readOwnHash(text)
  if (own) {
    const pepper = hashing.peppers.get(own.pepperVersion)
    return pepper ? { ...own, pepper } : null
  }
  const foreign = readForeignHash(text)
  return foreign.scheme ? foreign : null
}

/** True when the hash is foreign, or was made with another work factor or pepper than new ones are. */
export function needsRehash(stored: PasswordHash, hashing: PasswordHashing): boolean {
  return (
    stored.scheme !== OWN_SCHEME ||
    stored.iterations * stored.rounds !== hashing.iterations * hashing.rounds ||
    stored.pepperVersion !== hashing.pepperVersion
  )
}

type Derivation = Pick<OwnPasswordHash, 'iterations' | 'rounds' | 'pepper' | 'salt'>

/** The tag of the chain; exported for its test vectors, which use fewer iterations than rows may. */
export async function deriveTag(password: string, derivation: Derivation): Promise<Uint8Array> {
  let key: Uint8Array = new TextEncoder().encode(password.normalize('NFC'))
  for (let round = 1; round <= derivation.rounds; round++) {
    key = await pbkdf2(key, Uint8Array.of(...derivation.salt, round), derivation.iterations)
  }
  return hmac(derivation.pepper, Uint8Array.of(...PEPPER_CONTEXT, ...key))
}

async function hmac(secret: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, message))
}

function decoy({ iterations, rounds }: PasswordHashing): Derivation {
  return { iterations, rounds, pepper: new Uint8Array(TAG_BYTES), salt: new Uint8Array(SALT_BYTES) }
}
