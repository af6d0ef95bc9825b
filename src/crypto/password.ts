// PBKDF2-HMAC-SHA-256 in a chain, because production Workers refuse more than 100,000 iterations in one
// call (the local runtime does not) and OWASP asks for 600,000:
//
//   T0  = UTF-8(NFC(password))
//   Tj  = PBKDF2(password = T(j-1), salt = salt ‖ byte(j), iterations = i, length = 32)   j = 1..r
//   tag = HMAC-SHA-256(pepper k, "pwd-v1" ‖ 0x00 ‖ Tr)
//
// Round j cannot start before the 32 bytes of round j-1 exist, so that a guess costs r·i sequential
// HMACs. Intermediates are never truncated; the round byte makes each round a different function.

const ROUND_LIMIT = 16
const ITERATION_FLOOR = 10_000
const ITERATION_CEILING = 100_000
const SALT_BYTES = 16
const TAG_BYTES = 32

const STORED_FORM =
  /^\$pbkdf2-sha256-chain\$v=1\$i=([1-9]\d{0,5}),r=([1-9]\d?),k=([1-9]\d?)\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/

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

/** A stored password hash, parsed and within bounds. */
export interface PasswordHash {
  /** As stored. */
  readonly text: string
  readonly iterations: number
  readonly rounds: number
  readonly pepperVersion: number
  readonly pepper: Uint8Array
  readonly salt: Uint8Array
  readonly tag: Uint8Array
}

/** @returns `$pbkdf2-sha256-chain$v=1$i=…,r=…,k=…$salt$tag` under a fresh 16-byte salt. */
export async function hashPassword(password: string, hashing: PasswordHashing): Promise<string> {
  const { iterations, rounds, pepperVersion, peppers } = hashing
  const pepper = peppers.get(pepperVersion)
  if (!pepper) throw new Error(`no pepper of version ${pepperVersion}`)
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const tag = await deriveTag(password, { iterations, rounds, pepper, salt })
  const base64 = (bytes: Uint8Array) => bytes.toBase64({ omitPadding: true })
  return `$pbkdf2-sha256-chain$v=1$i=${iterations},r=${rounds},k=${pepperVersion}$${base64(salt)}$${base64(tag)}`
}

/**
 * Whether `password` is the one behind `stored`. With null (unknown user, unusable row) the same work is
 * done against a decoy and the answer is false, so that timing tells nothing (OWASP Authentication).
 */
export async function verifyPassword(
  password: string,
  stored: PasswordHash | null,
  hashing: PasswordHashing,
): Promise<boolean> {
  const tag = await deriveTag(password, stored ?? decoy(hashing))
  const matches = crypto.subtle.timingSafeEqual(tag, stored?.tag ?? new Uint8Array(TAG_BYTES))
  return stored !== null && matches
}

/**
 * Null unless every field is in bounds and its pepper is known: a tampered row must become neither a CPU
 * bomb nor a call that production refuses.
 */
export function parsePasswordHash(text: string, hashing: PasswordHashing): PasswordHash | null {
  const [, i, r, k, saltText, tagText] = STORED_FORM.exec(text) ?? []
  const iterations = Number(i)
  const rounds = Number(r)
  const pepper = hashing.peppers.get(Number(k))
  if (!pepper || !saltText || !tagText) return null
  if (iterations < ITERATION_FLOOR || iterations > ITERATION_CEILING) return null
  if (rounds > ROUND_LIMIT) return null
  const salt = fromCanonicalBase64(`${saltText}==`)
  const tag = fromCanonicalBase64(`${tagText}=`)
  if (!salt || !tag) return null
  return { text, iterations, rounds, pepperVersion: Number(k), pepper, salt, tag }
}

/** True when the hash was made with another work factor or pepper than new ones are. */
export function needsRehash(stored: PasswordHash, hashing: PasswordHashing): boolean {
  return (
    stored.iterations * stored.rounds !== hashing.iterations * hashing.rounds ||
    stored.pepperVersion !== hashing.pepperVersion
  )
}

type Derivation = Pick<PasswordHash, 'iterations' | 'rounds' | 'pepper' | 'salt'>

/** The tag of the chain; exported for its test vectors, which use fewer iterations than rows may. */
export async function deriveTag(password: string, derivation: Derivation): Promise<Uint8Array> {
  let key: Uint8Array = new TextEncoder().encode(password.normalize('NFC'))
  for (let round = 1; round <= derivation.rounds; round++) {
    key = await pbkdf2(key, Uint8Array.of(...derivation.salt, round), derivation.iterations)
  }
  return hmac(derivation.pepper, Uint8Array.of(...PEPPER_CONTEXT, ...key))
}

async function pbkdf2(
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits'])
  const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations }
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, TAG_BYTES * 8))
}

async function hmac(secret: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, message))
}

function decoy({ iterations, rounds }: PasswordHashing): Derivation {
  return { iterations, rounds, pepper: new Uint8Array(TAG_BYTES), salt: new Uint8Array(SALT_BYTES) }
}

// Strict decoding refuses non-zero padding bits, so that one hash has one spelling.
function fromCanonicalBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' })
  } catch {
    return null
  }
}
