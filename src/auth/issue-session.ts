import { signAccessToken } from '../crypto/access-token'
import { hashRefreshTokenId, newRefreshTokenId, signRefreshToken } from '../crypto/refresh-token'
import { uuidV7 } from '../crypto/uuid'
import type { NewSession } from '../store/sessions'
import type { UserAccount } from '../store/users'
import type { AuthContext } from './auth-context'

/** What a client holds of a session; lifetimes in seconds. */
export interface IssuedSession {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiresIn: number
  readonly refreshExpiresIn: number
  readonly account: UserAccount
}

export type SessionTimes = Pick<
  NewSession,
  'id' | 'userId' | 'issuedAt' | 'authenticatedAt' | 'lastUsedAt' | 'expiresAt'
>

/** A session yet to be stored, and the id of its first refresh token. */
export async function newSession(
  { now, config, client }: Pick<AuthContext, 'now' | 'config' | 'client'>,
  userId: string,
): Promise<{ session: NewSession; refreshTokenId: string }> {
  const refreshTokenId = newRefreshTokenId()
  const session = {
    id: uuidV7(now),
    userId,
    refreshTokenHash: await hashRefreshTokenId(refreshTokenId),
    issuedAt: now,
    lastUsedAt: now,
    expiresAt: now + config.sessionTtl * 1000,
    ...client,
  }
  return { session, refreshTokenId }
}

/** The refresh token with this id. The same arguments make the same token, whenever it is asked for. */
export function refreshTokenOf(
  { config, keys }: Pick<AuthContext, 'config' | 'keys'>,
  session: SessionTimes,
  { id, issuedAt }: { id: string; issuedAt: number },
): Promise<string> {
  return signRefreshToken(
    {
      iss: config.issuer,
      aud: config.issuer,
      sub: session.userId,
      sid: session.id,
      jti: id,
      iat: toSeconds(issuedAt),
      exp: toSeconds(session.expiresAt),
      type: 'refresh',
    },
    keys,
  )
}

/** Adds a fresh access token, which never outlives the session. */
export async function issueSession(
  { now, config, keys }: Pick<AuthContext, 'now' | 'config' | 'keys'>,
  {
    session,
    account,
    refreshToken,
  }: {
    session: SessionTimes
    account: UserAccount
    refreshToken: string
  },
): Promise<IssuedSession> {
  const iat = toSeconds(now)
  const exp = Math.min(iat + config.accessTtl, toSeconds(session.expiresAt))
  const accessToken = await signAccessToken(
    {
      iss: config.issuer,
      aud: config.audience,
      sub: account.id,
      sid: session.id,
      jti: uuidV7(now),
      iat,
      exp,
      auth_time: toSeconds(session.authenticatedAt ?? session.issuedAt),
      type: 'access',
      email: account.email,
      roles: [...account.roles],
      permissions: [...account.permissions],
      epoch: account.authEpoch,
    },
    keys,
  )
  const refreshEnd = Math.min(session.expiresAt, session.lastUsedAt + config.refreshTtl * 1000)
  const refreshExpiresIn = toSeconds(refreshEnd - now)
  return { accessToken, refreshToken, expiresIn: exp - iat, refreshExpiresIn, account }
}

function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
