/**
 * The namespace that spreads revocations to every location. It only ever holds what has been revoked: a
 * missing key means "not known to be revoked", never "valid".
 */
export type RevocationMarkers = KVNamespace

/** Something that KV is to be told, as long as a token could still claim the contrary. */
export interface Revocation {
  readonly key: string
  readonly value: string
  readonly expiresAt: number
}

export function sessionRevocationKey(sessionId: string): string {
  return `revoked:session:${sessionId}`
}

export function userRevocationKey(userId: string): string {
  return `revoked:user:${userId}`
}

const CACHE_TTL_SECONDS = 30
const SHORTEST_TTL_SECONDS = 60

/** The values of those keys that have a marker; one operation for all of them. */
export async function readRevocationMarkers(
  markers: RevocationMarkers,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const values = await markers.get([...keys], { type: 'text', cacheTtl: CACHE_TTL_SECONDS })
  return new Map([...values].filter((entry): entry is [string, string] => entry[1] !== null))
}

export function putRevocationMarker(
  markers: RevocationMarkers,
  { key, value, expiresAt }: Revocation,
  now: number,
): Promise<void> {
  const remainingSeconds = Math.ceil((expiresAt - now) / 1000)
  return markers.put(key, value, {
    expirationTtl: Math.max(SHORTEST_TTL_SECONDS, remainingSeconds),
  })
}
