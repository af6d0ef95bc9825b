import type { AccessTokenClaims } from '../crypto/access-token'
import { readRevocationMarkers } from '../store/revocation-markers'
import { findRevocations } from '../store/revocations'
import type { AuthContext } from './auth-context'
import { AuthError } from './errors'
import { isRevoked, revocationKeysOf } from './known-revocations'

/**
 * Refuses claims that KV knows to be revoked, with one read and no D1. Where KV cannot be read, D1 holds
 * the same facts.
 * @throws AuthError invalid_token
 */
export async function requireUnrevoked(
  context: AuthContext,
  claims: AccessTokenClaims,
): Promise<void> {
  const markers = await readMarkers(context, revocationKeysOf(claims))
  if (!isRevoked(claims, markers)) return
  throw new AuthError('invalid_token', {
    reason: 'revoked',
    user_id: claims.sub,
    session_id: claims.sid,
  })
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
