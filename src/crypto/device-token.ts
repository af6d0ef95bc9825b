import { randomText, toBase64Url } from './digest'
import type { SigningKey, SigningKeys } from './signing-keys'

// The stray bits of the last digit, which decoders ignore, are zero: one token, one spelling.
const FORM = /^([\w-]{22})\.(\d{1,12})\.([\w-]{42}[AEIMQUYcgkosw048])$/
const ID_BYTES = 16
export const DEVICE_LIFETIME_SECONDS = 180 * 24 * 60 * 60

/** A device that has logged in. */
export interface Device {
  readonly id: string
  /** In milliseconds, rounded down to the second: the token says when it expires, and thereby when it was issued. */
  readonly issuedAt: number
}

/** A token that says of a device that somebody logged in there with this email. */
export async function newDeviceToken(
  { email, now }: { email: string; now: number },
  { current }: SigningKeys,
): Promise<string> {
  const id = randomText(ID_BYTES)
  const expiresAt = Math.floor(now / 1000) + DEVICE_LIFETIME_SECONDS
  const mac = await crypto.subtle.sign('HMAC', current.device, message(id, expiresAt, email))
  return `${id}.${expiresAt}.${toBase64Url(new Uint8Array(mac))}`
}

/** The device, if the token is one of ours for this email and has not expired; else null. */
export async function verifyDeviceToken(
  token: string,
  { email, now }: { email: string; now: number },
  { byKid }: SigningKeys,
): Promise<Device | null> {
  const [, id, expiry, mac] = FORM.exec(token) ?? []
  if (id === undefined || expiry === undefined || mac === undefined) return null
  if (Number(expiry) * 1000 <= now) return null
  const signature = Uint8Array.fromBase64(mac, { alphabet: 'base64url' })
  const signed = message(id, Number(expiry), email)
  const verifies = ({ device }: SigningKey) =>
    crypto.subtle.verify('HMAC', device, signature, signed)
  const isOurs = (await Promise.all([...byKid.values()].map(verifies))).includes(true)
  const issuedAt = (Number(expiry) - DEVICE_LIFETIME_SECONDS) * 1000
  return isOurs ? { id, issuedAt } : null
}

function message(id: string, expiresAt: number, email: string) {
  return new TextEncoder().encode(`${id}\0${expiresAt}\0${email}`)
}
