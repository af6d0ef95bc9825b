import { verifyApiKey } from '../crypto/api-key'
import { type Actor, findActor } from '../store/actors'
import { findKeyState, findSessionState } from '../store/introspection'
import { type AuthContext, moment } from './auth-context'
import { isRevoked, revocationKeysOf } from './known-revocations'
import { type PresentedToken, readPresentedToken } from './presented-token'
import { requirePermitted } from './require-permitted'

/** What is told of a token that counts (RFC 7662 §2.2); times in seconds. */
export interface Introspection {
  readonly kind: PresentedToken['kind']
  readonly userId: string
  readonly email: string
  readonly isEmailVerified: boolean
  /** What it may, as its user holds it now. */
  readonly permissions: readonly string[]
  readonly issuedAt: number
  readonly expiresAt: number
  readonly tokenId: string
}

/**
 * What a token that somebody was given says, as D1 has it now; null for one that does not count: unknown, expired, revoked,
 * or of somebody else.
 * @throws AuthError invalid_token, invalid_api_key, permission_denied
 */
export async function introspectToken(
  context: AuthContext,
  actor: Actor,
  text: string,
): Promise<Introspection | null> {
  const token = await readPresentedToken(context, text)
  if (token?.kind === 'api_key') return introspectKey(context, actor, token)
  if (token) return introspectSessionToken(context, actor, token)
  // Who may not ask is not told even that.
  requirePermitted(context, actor, await findActor(context.db, actor, moment(context)))
  return null
}

async function introspectSessionToken(
  context: AuthContext,
  actor: Actor,
  token: Exclude<PresentedToken, { kind: 'api_key' }>,
): Promise<Introspection | null> {
  const { kind, claims } = token
  const about = {
    sessionId: claims.sid,
    userId: claims.sub,
    revocationKeys: kind === 'access' ? revocationKeysOf(claims) : [],
  }
  const found = await findSessionState(context.db, actor, about, moment(context))
  requirePermitted(context, actor, found.actor)
  const { session, account, markers } = found
  if (!session?.isLive || !account) return null
  const isCurrent =
    kind === 'access'
      ? !isRevoked(claims, markers)
      : session.refreshTokenHash === token.hash && !session.mustAuthenticate
  if (!isCurrent) return null
  return {
    kind,
    userId: account.id,
    email: account.email,
    isEmailVerified: account.emailVerifiedAt !== null,
    permissions: account.permissions,
    issuedAt: claims.iat,
    expiresAt: claims.exp,
    tokenId: claims.jti,
  }
}

async function introspectKey(
  context: AuthContext,
  actor: Actor,
  { id, text }: Extract<PresentedToken, { kind: 'api_key' }>,
): Promise<Introspection | null> {
  const found = await findKeyState(context.db, actor, id, moment(context))
  requirePermitted(context, actor, found.actor)
  const { key, account } = found
  const { peppers } = context.config.passwordHashing
  if (!key?.isUsable || !account || !(await verifyApiKey(text, key.secretHash, peppers)))
    return null
  return {
    kind: 'api_key',
    userId: account.id,
    email: account.email,
    isEmailVerified: account.emailVerifiedAt !== null,
    permissions: account.permissions.filter((name) => key.permissions.includes(name)),
    issuedAt: Math.floor(key.createdAt / 1000),
    expiresAt: Math.floor(key.expiresAt / 1000),
    tokenId: key.id,
  }
}
