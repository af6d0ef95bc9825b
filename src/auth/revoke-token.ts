import { verifyApiKey } from '../crypto/api-key'
import { type Actor, findActor } from '../store/actors'
import { findKeyState } from '../store/introspection'
import { endSessionByActor, revokeApiKeyByActor } from '../store/token-revocations'
import { actorEvent } from './administration/act-on-user'
import { type AuthContext, moment } from './auth-context'
import { type PresentedToken, readPresentedToken } from './presented-token'
import { publishRevocations, sessionRevocation } from './publish-revocations'
import { requirePermitted } from './require-permitted'

/**
 * Ends what a token that somebody was given stands for (RFC 7009): its session, or the API key. What does not count already is
 * left as it is.
 * @throws AuthError invalid_token, invalid_api_key, permission_denied
 */
export async function revokeToken(context: AuthContext, actor: Actor, text: string): Promise<void> {
  const token = await readPresentedToken(context, text)
  if (token?.kind === 'api_key') return revokeKey(context, actor, token)
  if (token) return endSession(context, actor, token.claims)
  requirePermitted(context, actor, await findActor(context.db, actor, moment(context)))
}

async function endSession(
  context: AuthContext,
  actor: Actor,
  { sub: userId, sid: sessionId }: { sub: string; sid: string },
): Promise<void> {
  const detail = { session_id: sessionId }
  const event = await actorEvent(context, actor, 'token_revoked', { subjectId: userId, detail })
  const revocation = sessionRevocation(context, sessionId)
  const end = { sessionId, reason: 'ended_by_administrator', event, revocation } as const
  const found = await endSessionByActor(context.db, actor, end, moment(context))
  requirePermitted(context, actor, found.actor)
  await publishRevocations(context, found.revocations)
}

async function revokeKey(
  context: AuthContext,
  actor: Actor,
  { id, text }: Extract<PresentedToken, { kind: 'api_key' }>,
): Promise<void> {
  const found = await findKeyState(context.db, actor, id, moment(context))
  requirePermitted(context, actor, found.actor)
  const { key, account } = found
  const { peppers } = context.config.passwordHashing
  if (!key || !account || !(await verifyApiKey(text, key.secretHash, peppers))) return
  const detail = { revoked_api_key_id: id }
  const event = await actorEvent(context, actor, 'token_revoked', { subjectId: account.id, detail })
  const revoked = await revokeApiKeyByActor(context.db, actor, { id, event }, moment(context))
  requirePermitted(context, actor, revoked.actor)
}
