import { sha256 } from './digest'

// ghk_<id>_<secret>_<checksum>, all hex: a prefix that scanners for leaked secrets can know, a checksum by which junk is
// refused before anything is asked, and 256 random bits, which no guess finds.

const FORM = /^ghk_([0-9a-f]{32})_([0-9a-f]{64})_([0-9a-f]{8})$/
const SECRET_BYTES = 32
const HASH_CONTEXT = 'api-key-v1'

/** A key of this id (a UUID), to be shown once. */
export async function newApiKey(id: string): Promise<string> {
  const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toHex()
  const body = `ghk_${id.replaceAll('-', '')}_${secret}`
  return `${body}_${await checksumOf(body)}`
}

/** The id that the key names, or null for what is no key: mistyped, cut off or made up. */
export async function parseApiKey(key: string): Promise<string | null> {
  const [, id, , checksum] = FORM.exec(key) ?? []
  if (id === undefined || checksum === undefined) return null
  if (checksum !== (await checksumOf(key.slice(0, -checksum.length - 1)))) return null
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/**
 * What is stored of a key: an HMAC under a pepper, which a copy of the database does not have.
 * @returns `<pepper version>.<mac>`, base64url
 */
export async function hashApiKey(
  key: string,
  { version, pepper }: { version: number; pepper: Uint8Array },
): Promise<string> {
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', pepper, hmac, false, ['sign'])
  const message = new TextEncoder().encode(`${HASH_CONTEXT}\0${key}`)
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', imported, message))
  return `${version}.${mac.toBase64({ alphabet: 'base64url', omitPadding: true })}`
}

/** Whether the hash is of this key, under the pepper whose version it names; false where that is not held. */
export async function verifyApiKey(
  key: string,
  hash: string,
  peppers: ReadonlyMap<number, Uint8Array>,
): Promise<boolean> {
  const version = Number(hash.split('.')[0])
  const pepper = peppers.get(version)
  if (!pepper) return false
  const encoder = new TextEncoder()
  const [expected, actual] = [
    encoder.encode(hash),
    encoder.encode(await hashApiKey(key, { version, pepper })),
  ]
  return (
    expected.byteLength === actual.byteLength && crypto.subtle.timingSafeEqual(expected, actual)
  )
}

async function checksumOf(body: string): Promise<string> {
  const digest = Uint8Array.fromBase64(await sha256(body), { alphabet: 'base64url' })
  return digest.slice(0, 4).toHex()
}
