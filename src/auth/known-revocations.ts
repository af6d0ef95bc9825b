import * as z from 'zod/mini'
import type { AccessTokenClaims } from '../crypto/access-token'
import { sessionRevocationKey, userRevocationKey } from '../store/revocation-markers'

/** Tokens of a lower epoch no longer count, except those of the session `keep` from the epoch `since`. */
const UserRevocation = z.object({
  epoch: z.int(),
  keep: z.optional(z.string()),
  since: z.optional(z.int()),
})

type Revocable = Pick<AccessTokenClaims, 'sub' | 'sid' | 'epoch'>

/** The keys under which there is a marker where a token with these claims has been revoked. */
export function revocationKeysOf({ sub, sid }: Revocable): readonly [string, string] {
  return [sessionRevocationKey(sid), userRevocationKey(sub)]
}

/** Whether the markers under those keys, those that there are, revoke the token. */
export function isRevoked(claims: Revocable, markers: ReadonlyMap<string, string>): boolean {
  const [sessionKey, userKey] = revocationKeysOf(claims)
  const userMarker = markers.get(userKey)
  return markers.has(sessionKey) || (userMarker !== undefined && isOutdated(claims, userMarker))
}

function isOutdated({ epoch, sid }: Revocable, marker: string): boolean {
  const revocation = UserRevocation.parse(JSON.parse(marker))
  const isKept = sid === revocation.keep && epoch >= (revocation.since ?? 0)
  return epoch < revocation.epoch && !isKept
}
