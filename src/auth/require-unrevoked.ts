import * as z from 'zod'
import type { AccessTokenClaims } from '../crypto/access-token'
import { readRevocationMarkers } from '../store/revocation-markers'
import { findRevocations, sessionRevocationKey, userRevocationKey } from '../store/revocations'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'

/** Tokens of a lower epoch no longer count, except those of the session `keep` from the epoch `since`. */
const UserRevocation = z.object({
  epoch: z.int(),
  keep: z.string().optional(),
  since: z.int().optional(),
})

/**
 * Refuses claims that KV knows to be revoked, with one read and no D1. Where KV cannot be read, D1 holds
 * the same facts.
 * @throws AuthError invalid_token
 */
export async function requireUnrevoked(
  context: AuthContext,
  claims: AccessTokenClaims,
): Promise<void> {
  const sessionKey = sessionRevocationKey(claims.sid)
  const userKey = userRevocationKey(claims.sub)
  const markers = await readMarkers(context, [sessionKey, userKey])
  const userMarker = markers.get(userKey)
  const isRevoked =
    markers.has(sessionKey) || (userMarker !== undefined && isOutdated(claims, userMarker))
  if (!isRevoked) return
  throw new AuthError('invalid_token', {
    reason: 'revoked',
    user_id: claims.sub,
    session_id: claims.sid,
  })
}

function isOutdated({ epoch, sid }: AccessTokenClaims, marker: string): boolean {
  const revocation = UserRevocation.parse(JSON.parse(marker))
  const isKept = sid === revocation.keep && epoch >= (revocation.since ?? 0)
  return epoch < revocation.epoch && !isKept
}

async function readMarkers({ db, markers, log, now }: AuthContext, keys: readonly string[]) {
  try {
    return await readRevocationMarkers(markers, keys)
  } catch {
    log.warning('revocation_markers_unreadable')
    const rows = await findRevocations(db, keys, now)
    return new Map(rows.map(({ key, value }) => [key, value]))
  }
}
