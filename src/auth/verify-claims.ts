import type { AccessTokenClaims, VerifiedClaims } from '../crypto/access-token'
import { findAccounts, type UserAccount } from '../store/users'
import type { AuthContext } from './auth-context'
import type { Principal } from './authenticate'
import { AuthError } from './errors'
import { requireLegacyAccount } from './legacy-access'
import { requireUnrevoked } from './require-unrevoked'

/**
 * The claims of a token that is not known to be revoked. Ours cost one KV read, and D1 where they leave out what
 * the user may; those of the replaced
 * system know neither roles nor revocation, so that D1 is asked. Of an API key it has been asked already; what it says of
 * one counts for as long as an access token would.
 * @throws AuthError invalid_token
 */
export async function verifyClaims(
  context: AuthContext,
  principal: Principal,
): Promise<VerifiedClaims> {
  if (principal.kind === 'session') {
    await requireUnrevoked(context, principal.claims)
    return completeClaims(context, principal.claims)
  }
  if (principal.kind === 'api_key') {
    const { account, apiKey } = principal
    const { accessTtl } = context.config
    const until = Math.min(apiKey.expiresAt, context.now + accessTtl * 1000)
    return claimsOf(context, account, { iat: apiKey.createdAt / 1000, exp: until / 1000 })
  }
  const { exp, iat = context.now / 1000 } = principal.claims
  const until = (context.config.legacy?.until ?? context.now) / 1000
  const account = await requireLegacyAccount(context, principal.claims)
  return claimsOf(context, account, { iat, exp: Math.min(exp, until) })
}

async function completeClaims(
  { db }: AuthContext,
  claims: AccessTokenClaims,
): Promise<AccessTokenClaims> {
  const { roles_omitted, permissions_omitted, ...told } = claims
  if (!roles_omitted && !permissions_omitted) return claims
  const [account] = await findAccounts(db, [claims.sub])
  if (account?.isActive) {
    return { ...told, roles: [...account.roles], permissions: [...account.permissions] }
  }
  throw new AuthError('invalid_token', { reason: 'no_account', user_id: claims.sub })
}

function claimsOf(
  { config: { issuer, audience } }: AuthContext,
  account: UserAccount,
  { iat, exp }: { iat: number; exp: number },
): VerifiedClaims {
  return {
    iss: issuer,
    aud: audience,
    sub: account.id,
    iat: Math.floor(iat),
    exp: Math.floor(exp),
    type: 'access',
    email: account.email,
    email_verified: account.emailVerifiedAt !== null,
    roles: [...account.roles],
    permissions: [...account.permissions],
    epoch: account.authEpoch,
  }
}
