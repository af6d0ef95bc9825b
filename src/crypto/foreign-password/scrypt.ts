import { scrypt } from '@noble/hashes/scrypt.js'
import type { ScryptHash } from './foreign-hash'

const AES_KEY_BYTES = 32

/** Firebase's is its signer key, encrypted by AES-256-CTR under the derived key. */
export async function deriveScrypt(
  password: string,
  { salt, signerKey, digest, N, r, p }: ScryptHash,
): Promise<Uint8Array> {
  if (!signerKey) return scrypt(password, salt, { N, r, p, dkLen: digest.length })
  const derived = scrypt(password, salt, { N, r, p, dkLen: AES_KEY_BYTES })
  const key = await crypto.subtle.importKey('raw', derived, 'AES-CTR', false, ['encrypt'])
  const algorithm = { name: 'AES-CTR', counter: new Uint8Array(16), length: 64 }
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, key, signerKey))
}
