import * as z from 'zod/mini'
import type { AuthContext } from './auth-context'
import type { EmailAddress } from './email-address'
import { AuthError } from './errors'
import { requireRedeemable } from './redeem-link'

const Roles = z.array(z.string())

/**
 * Who may sign up with this address: anybody, who was invited, or nobody. Answers what an invitation that came with
 * it gives, and how it is used up.
 * @throws AuthError signup_closed, invitation_required
 */
export async function acceptInvitation(
  context: AuthContext,
  email: EmailAddress,
  token: string | null,
) {
  const { signup } = context.config
  if (signup === 'closed') throw new AuthError('signup_closed')
  if (token === null && signup === 'open') return null
  const invitation = token === null ? null : await findInvitation(context, token)
  if (invitation?.email.toLowerCase() !== email.normalized) {
    throw new AuthError('invitation_required')
  }
  const { roles, redemption } = invitation
  return { roles: Roles.parse(JSON.parse(roles ?? '[]')), redemption }
}

async function findInvitation(context: AuthContext, token: string) {
  try {
    return await requireRedeemable(context, token, 'invitation')
  } catch (error) {
    if (error instanceof AuthError) return null
    throw error
  }
}
