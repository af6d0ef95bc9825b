import type { Context } from 'hono'
import { authenticate } from '../auth/authenticate'
import { authenticateApiKey } from '../auth/authenticate-api-key'
import type { Actor } from '../store/actors'
import { bearerToken, presentedApiKey } from './authenticate'
import { type AppEnv, factory } from './factory'
import { asksFor } from './openapi'

/**
 * Names the permission that a route needs, for an access token of ours: by signature and time, no I/O; or for an API key,
 * by one round trip, since only D1 knows whose it is. What
 * the token says of permissions may be out of date, so that D1 decides: the use-case takes `c.get('actor')`, and
 * its batch asks first whether the session lives and the user holds the permission, then does its work under
 * the same guard. A 403 is at once, and so is what has just been granted.
 */
export function requirePermission(permission: string) {
  const handler = factory.createMiddleware(async (c, next) => {
    c.set('actor', await actorOf(c, { permission }))
    await next()
  })
  return asksFor(permission, handler)
}

/** The same for a route that is for holders of any of these roles. */
export function requireRole(...roles: readonly [string, ...string[]]) {
  return factory.createMiddleware(async (c, next) => {
    c.set('actor', await actorOf(c, { roles }))
    await next()
  })
}

async function actorOf(c: Context<AppEnv>, requires: Actor['requires']): Promise<Actor> {
  const key = presentedApiKey(c)
  if (key !== undefined) {
    const { apiKey, account } = await authenticateApiKey(c.get('auth'), key)
    return { sessionId: null, apiKeyId: apiKey.id, userId: account.id, requires }
  }
  const { sid: sessionId, sub: userId, epoch } = await authenticate(c.get('auth'), bearerToken(c))
  return { sessionId, userId, epoch, requires }
}
