// How our own hashes are written down; password.ts makes and checks them. This file imports nothing, so that the
// command line reads them as the service does.

export const OWN_SCHEME = 'pbkdf2-sha256-chain'

const ROUND_LIMIT = 16
const ITERATION_FLOOR = 10_000
const ITERATION_CEILING = 100_000

// The stray bits of a last digit, which decoders ignore, are zero, so that one hash has one spelling.
const STORED_FORM =
  /^\$pbkdf2-sha256-chain\$v=1\$i=([1-9]\d{0,5}),r=([1-9]\d?),k=([1-9]\d?)\$([A-Za-z0-9+/]{21}[AQgw])\$([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048])$/

/** One of our hashes, within bounds; its pepper is elsewhere. */
export interface OwnHash {
  readonly scheme: typeof OWN_SCHEME
  /** As stored. */
  readonly text: string
  readonly iterations: number
  readonly rounds: number
  readonly pepperVersion: number
  readonly salt: Uint8Array
  readonly tag: Uint8Array
}

/** @returns `$pbkdf2-sha256-chain$v=1$i=…,r=…,k=…$salt$tag` */
export function writeOwnHash(hash: Omit<OwnHash, 'scheme' | 'text'>): string {
  const { iterations, rounds, pepperVersion } = hash
  const [salt, tag] = [hash.salt, hash.tag].map((bytes) => bytes.toBase64({ omitPadding: true }))
  return `$${OWN_SCHEME}$v=1$i=${iterations},r=${rounds},k=${pepperVersion}$${salt}$${tag}`
}

/**
 * Null unless every field is in bounds: a tampered row must become neither a CPU bomb nor a call that
 * production refuses.
 */
export function readOwnHash(text: string): OwnHash | null {
  const [, i, r, k, saltText, tagText] = STORED_FORM.exec(text) ?? []
  const [iterations, rounds, pepperVersion] = [Number(i), Number(r), Number(k)]
  if (!saltText || !tagText) return null
  if (iterations < ITERATION_FLOOR || iterations > ITERATION_CEILING) return null
  if (rounds > ROUND_LIMIT) return null
  const [salt, tag] = [fromBase64(saltText), fromBase64(tagText)]
  return { scheme: OWN_SCHEME, text, iterations, rounds, pepperVersion, salt, tag }
}

// By atob, which the command line's Node has too.
function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
