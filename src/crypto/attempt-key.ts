import { toBase64Url } from './digest'
import type { SigningKeys } from './signing-keys'

/** A keyed hash of what attempts are counted by: without the secret nobody finds an email or an address in it. */
export async function attemptKey(parts: readonly string[], { current }: SigningKeys) {
  const message = new TextEncoder().encode(parts.join('\0'))
  const mac = await crypto.subtle.sign('HMAC', current.loginAttempt, message)
  return toBase64Url(new Uint8Array(mac))
}
