import { createHash, createPublicKey, verify } from 'node:crypto'
import type { EventRow } from './verify-audit.ts'

export const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url')

/** JSON with its keys in order. */
export const sorted = (value: object) =>
  JSON.stringify(Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))))

/** Whether one of these keys has signed the statement. */
export function isSigned(
  statement: string,
  body: object,
  { public_key, signature }: { public_key: string; signature: string },
  publicKeys: ReadonlySet<string>,
): boolean {
  if (!publicKeys.has(public_key)) return false
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: public_key },
    format: 'jwk',
  })
  const text = sorted({ ...body, statement, version: 1, public_key })
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
}

/** Whether the event was recorded since there are two personal parts. */
export const hasTwoParts = (row: EventRow) => row.subject_personal_digest !== null

/** What a signed event says in its detail. */
export function readDetail(event: EventRow) {
  try {
    const part = hasTwoParts(event) ? event.subject_personal : event.personal
    const { public_key, signature, erased_at, parts } = JSON.parse(part ?? '').detail
    return {
      public_key: String(public_key),
      signature: String(signature),
      erasedAt: Number(erased_at),
      parts: parts === undefined ? null : String(parts),
    }
  } catch {
    return null
  }
}
