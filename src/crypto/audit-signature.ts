import { toBase64Url } from './digest'

/** An Ed25519 key pair as a JWK (RFC 8037 §2); `x` is the public part. */
export interface AuditKey {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
  readonly d: string
}

/** Signs UTF-8 text; the signature is base64url without padding. */
export type SignAudit = (text: string) => Promise<string>

const ALGORITHM = { name: 'Ed25519' }

/** @throws Error where `x` and `d` do not belong together, which importing does not notice. */
export async function importAuditKey(jwk: AuditKey): Promise<SignAudit> {
  const key = await crypto.subtle.importKey('jwk', { ...jwk }, ALGORITHM, false, ['sign'])
  const sign: SignAudit = async (text) => {
    const signature = await crypto.subtle.sign(ALGORITHM, key, new TextEncoder().encode(text))
    return toBase64Url(new Uint8Array(signature))
  }
  const isPair = await isAuditSignature('a pair', await sign('a pair'), jwk.x)
  if (!isPair) throw new Error('x and d of the audit key do not belong together')
  return sign
}

/** Whether the text was signed by the key with this public part. */
export async function isAuditSignature(
  text: string,
  signature: string,
  publicKey: string,
): Promise<boolean> {
  try {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey }
    const key = await crypto.subtle.importKey('jwk', jwk, ALGORITHM, false, ['verify'])
    const bytes = Uint8Array.fromBase64(signature, { alphabet: 'base64url' })
    return await crypto.subtle.verify(ALGORITHM, key, bytes, new TextEncoder().encode(text))
  } catch {
    return false
  }
}
