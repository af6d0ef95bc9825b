import type { VerifiedClaims } from '../crypto/access-token'
import type { AuthContext } from './auth-context'
import type { Principal } from './authenticate'
import { requireLegacyAccount } from './legacy-access'
import { requireUnrevoked } from './require-unrevoked'

/**
 * The claims of a token that is not known to be revoked. Ours cost one KV read; those of the replaced
 * system know neither roles nor revocation, so that D1 is asked.
 * @throws AuthError invalid_token
 */
export async function verifyClaims(
  context: AuthContext,
  principal: Principal,
): Promise<VerifiedClaims> {
  if (principal.kind === 'session') {
    await requireUnrevoked(context, principal.claims)
    return principal.claims
  }
  const { exp, iat } = principal.claims
  const { issuer, audience, legacy } = context.config
  const account = await requireLegacyAccount(context, principal.claims)
  return {
    iss: issuer,
    aud: audience,
    sub: account.id,
    iat: Math.floor(iat ?? context.now / 1000),
    exp: Math.floor(Math.min(exp, (legacy?.until ?? context.now) / 1000)),
    type: 'access',
    email: account.email,
    roles: [...account.roles],
    permissions: [...account.permissions],
    epoch: account.authEpoch,
  }
}
