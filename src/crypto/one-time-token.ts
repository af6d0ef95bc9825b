import { sha256, toBase64Url } from './digest'
import type { SigningKeys } from './signing-keys'

const FORM = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})$/

/** A token of a mailed link: `<row id>.<256-bit keyed value>`, and what the row keeps of it. */
export interface OneTimeToken {
  readonly id: string
  readonly token: string
  readonly tokenHash: string
  /** Which secret made it. */
  readonly keyId: string
}

/**
 * The token of the row with this id, for one purpose alone. It is a function of both and of a secret, so that
 * it can be made again for its mail and is stored nowhere; null when the secret is no longer held.
 */
export async function oneTimeTokenOf(
  { id, purpose, keyId }: { id: string; purpose: string; keyId: string },
  keys: SigningKeys,
): Promise<OneTimeToken | null> {
  const key = keys.byKid.get(keyId)
  if (!key) return null
  const message = new TextEncoder().encode(`${purpose}\0${id}`)
  const mac = await crypto.subtle.sign('HMAC', key.oneTimeToken, message)
  const token = `${id}.${toBase64Url(new Uint8Array(mac))}`
  return { id, token, tokenHash: await sha256(token), keyId }
}

/** The same for a new row, under the secret that signs. */
export async function newOneTimeToken(
  { id, purpose }: { id: string; purpose: string },
  keys: SigningKeys,
): Promise<OneTimeToken> {
  const made = await oneTimeTokenOf({ id, purpose, keyId: keys.current.kid }, keys)
  if (!made) throw new Error('the current key is not among the keys')
  return made
}

/** The token if it is one of ours for this purpose, else null: what is made up reaches no database. */
export async function verifyOneTimeToken(
  text: string,
  purpose: string,
  keys: SigningKeys,
): Promise<OneTimeToken | null> {
  const [, id] = FORM.exec(text) ?? []
  if (id === undefined) return null
  for (const keyId of keys.byKid.keys()) {
    const made = await oneTimeTokenOf({ id, purpose, keyId }, keys)
    // Digests of one length, so that the comparison tells nothing by its time.
    if (made && isSameDigest(made.tokenHash, await sha256(text))) return made
  }
  return null
}

function isSameDigest(one: string, other: string): boolean {
  const encoder = new TextEncoder()
  return crypto.subtle.timingSafeEqual(encoder.encode(one), encoder.encode(other))
}
