// Password hashes of the systems that this one replaces, as users bring them along. Each is verified as it stands and
// gives way to one of ours at the first login. It is stored as it came: to put it under a pepper the import would have
// to hold that secret, and an export could not give it back.
//
// The ceilings are what one login may cost, at most 1.2 s of CPU (docs/moving-in.md): a Worker's isolate does one
// thing at a time, in 128 MB, and a tampered row must not become a bomb. This file imports nothing, so that the
// import asks the same questions before anything is stored.

export const BCRYPT_COST_CEILING = 14
export const PBKDF2_ITERATION_CEILING = 1_500_000
/** What a derivation leaves behind is not collected at once: of 16 MiB workerd keeps up to six, of 64 MiB every one. */
export const MEMORY_CEILING_MIB = 20
/** scrypt: N·r·p. */
export const SCRYPT_WORK_CEILING = 2 ** 20
/** Argon2: KiB times passes. */
export const ARGON2_WORK_CEILING = 2 ** 18
const LANES_CEILING = 16

export interface BcryptHash {
  readonly scheme: 'bcrypt'
  readonly text: string
  /** `$2b$12$` and the salt. */
  readonly setting: string
  /** In bcrypt's own base64, as ASCII. */
  readonly digest: Uint8Array
}

export interface Pbkdf2Hash {
  readonly scheme: 'pbkdf2-sha256'
  readonly text: string
  readonly iterations: number
  readonly salt: Uint8Array
  readonly digest: Uint8Array
}

export interface ScryptHash {
  readonly scheme: 'scrypt'
  readonly text: string
  readonly N: number
  readonly r: number
  readonly p: number
  readonly salt: Uint8Array
  readonly digest: Uint8Array
  /** Firebase only: what is encrypted under the derived key; the digest is the result. */
  readonly signerKey: Uint8Array | null
}

export interface Argon2idHash {
  readonly scheme: 'argon2id'
  readonly text: string
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
  readonly salt: Uint8Array
  readonly digest: Uint8Array
}

export type ForeignHash = BcryptHash | Pbkdf2Hash | ScryptHash | Argon2idHash

/** Why a hash is not taken, in words for the operator. */
export interface RefusedHash {
  readonly scheme: null
  readonly reason: string
}

type Fields = readonly [text: string, ...fields: string[]]

const BASE64 = '[A-Za-z0-9+/]'
const FORMS: readonly (readonly [RegExp, (fields: Fields) => ForeignHash | RefusedHash])[] = [
  [/^(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{22})([./A-Za-z0-9]{30}[.CGKOSWaeimquy26])$/, readBcrypt],
  // Django: the salt is text.
  [/^pbkdf2_sha256\$([1-9]\d{0,8})\$([!-#%-~]{1,128})\$([A-Za-z0-9+/]{43}=)$/, readDjangoPbkdf2],
  // PHC says i=, passlib does not, and has `.` for `+` in its base64.
  [
    /^\$pbkdf2-sha256\$(?:i=)?([1-9]\d{0,8})(?:,l=32)?\$([A-Za-z0-9+/.]{2,128})\$([A-Za-z0-9+/.]{43})$/,
    readPbkdf2,
  ],
  [
    RegExp(
      String.raw`^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)\$(${BASE64}{2,128})\$(${BASE64}{22,86})$`,
    ),
    readScrypt,
  ],
  // As other tools write Firebase's: n is `mem_cost`, r `rounds`, ss `base64_salt_separator`, sk `base64_signer_key`.
  [
    RegExp(
      String.raw`^\$fbscrypt\$v=1,n=([1-9]\d?),r=([1-9]\d?),p=(1),ss=(${BASE64}{0,22}={0,2}),sk=(${BASE64}{43,86}={0,2})\$(${BASE64}{2,126}={0,2})\$(${BASE64}{43,86}={0,2})$`,
    ),
    readFirebaseScrypt,
  ],
  [
    RegExp(
      String.raw`^\$argon2id\$v=19\$m=([1-9]\d{0,7}),t=([1-9]\d{0,3}),p=([1-9]\d{0,2})\$(${BASE64}{11,86})\$(${BASE64}{22,86})$`,
    ),
    readArgon2id,
  ],
]

/** The hash, parsed and within the ceilings, or why it is not taken. */
export function readForeignHash(text: string): ForeignHash | RefusedHash {
  for (const [form, read] of FORMS) {
    const [, ...fields] = form.exec(text) ?? []
    if (fields.length > 0) return read([text, ...fields])
  }
  if (text.startsWith('$2x$')) return refuse('bcrypt: $2x$ is that of a broken implementation')
  return refuse('of no form that is known, or malformed')
}

function readBcrypt([text, setting, cost, digest]: Fields) {
  if (Number(cost) < 4) return refuse(`bcrypt: there is no cost ${cost}`)
  if (Number(cost) > BCRYPT_COST_CEILING) {
    return refuse(`bcrypt: cost ${cost} is above ${BCRYPT_COST_CEILING}`)
  }
  return {
    scheme: 'bcrypt',
    text,
    setting: String(setting),
    digest: new TextEncoder().encode(digest),
  } as const
}

function readDjangoPbkdf2([text, iterations, salt, digest]: Fields) {
  return pbkdf2Of(text, iterations, new TextEncoder().encode(salt), decode(digest))
}

function readPbkdf2([text, iterations, ...encoded]: Fields) {
  const [salt, digest] = encoded.map((spelled) => decode(spelled.replaceAll('.', '+')))
  return pbkdf2Of(text, iterations, salt, digest)
}

function pbkdf2Of(
  text: string,
  iterationsText: string | undefined,
  salt: Uint8Array | null | undefined,
  digest: Uint8Array | null | undefined,
) {
  const iterations = Number(iterationsText)
  if (iterations > PBKDF2_ITERATION_CEILING) {
    return refuse(`PBKDF2: ${iterations} iterations are above ${PBKDF2_ITERATION_CEILING}`)
  }
  if (!salt || !digest) return refuse('PBKDF2: not in base64')
  return { scheme: 'pbkdf2-sha256', text, iterations, salt, digest } as const
}

function readScrypt([text, ln, r, p, salt, digest]: Fields) {
  const cost = { N: 2 ** Number(ln), r: Number(r), p: Number(p) }
  return scryptOf({ text, ...cost, salt: decode(salt), digest: decode(digest), signerKey: null })
}

function readFirebaseScrypt([text, n, r, p, ...encoded]: Fields) {
  const [separator, signerKey, salt, digest] = encoded.map(decode)
  const cost = { N: 2 ** Number(n), r: Number(r), p: Number(p) }
  if (!separator || !signerKey || !salt || signerKey.length !== digest?.length) {
    return refuse('scrypt: not in base64, or hash and signer key differ in length')
  }
  const salted = Uint8Array.of(...salt, ...separator)
  return scryptOf({ text, ...cost, salt: salted, digest, signerKey })
}

function scryptOf({
  salt,
  digest,
  ...rest
}: Omit<ScryptHash, 'scheme' | 'salt' | 'digest'> & {
  salt: Uint8Array | null
  digest: Uint8Array | null
}) {
  const { N, r, p } = rest
  if (!salt || !digest) return refuse('scrypt: not in base64')
  // RFC 7914 §2.
  if (N < 2 || r < 1 || p < 1 || N > 2 ** (16 * r)) return refuse('scrypt: there is no such cost')
  const memory = (128 * N * r) / 2 ** 20
  if (memory > MEMORY_CEILING_MIB) return tooMuchMemory('scrypt', memory)
  if (N * r * p > SCRYPT_WORK_CEILING) {
    return refuse(`scrypt: N·r·p of ${N * r * p} is above ${SCRYPT_WORK_CEILING}`)
  }
  return { scheme: 'scrypt', ...rest, salt, digest } as const
}

function readArgon2id([text, m, t, p, ...encoded]: Fields) {
  const [memoryKib, passes, lanes] = [Number(m), Number(t), Number(p)]
  const [salt, digest] = encoded.map(decode)
  if (!salt || !digest) return refuse('Argon2id: not in base64')
  // RFC 9106 §3.1.
  if (memoryKib < 8 * lanes) return refuse('Argon2id: there is no such cost')
  if (memoryKib > MEMORY_CEILING_MIB * 1024) return tooMuchMemory('Argon2id', memoryKib / 1024)
  if (lanes > LANES_CEILING) return refuse(`Argon2id: ${lanes} lanes are above ${LANES_CEILING}`)
  if (memoryKib * passes > ARGON2_WORK_CEILING) {
    return refuse(`Argon2id: m·t of ${memoryKib * passes} is above ${ARGON2_WORK_CEILING}`)
  }
  return { scheme: 'argon2id', text, memoryKib, passes, lanes, salt, digest } as const
}

function tooMuchMemory(scheme: string, mib: number): RefusedHash {
  return refuse(`${scheme}: needs ${Math.ceil(mib)} MiB, more than ${MEMORY_CEILING_MIB}`)
}

function refuse(reason: string): RefusedHash {
  return { scheme: null, reason }
}

// By atob, which the command line's Node has too; writing it anew shows stray bits, which atob ignores.
function decode(text: string | undefined): Uint8Array | null {
  const spelled = String(text)
  try {
    const binary = atob(spelled)
    if (btoa(binary).replace(/=+$/, '') !== spelled.replace(/=+$/, '')) return null
    return Uint8Array.from(binary, (character) => character.charCodeAt(0))
  } catch {
    return null
  }
}
