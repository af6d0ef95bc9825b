import { createFactory } from 'hono/factory'
import type { AuthContext } from '../auth/auth-context'
import type { AccessTokenClaims } from '../crypto/access-token'
import type { Logger } from '../log'

export interface AppEnv {
  Bindings: CloudflareBindings
  Variables: {
    requestId: string
    /** Set by request-log, before anything can fail. */
    log: Logger
    now: number
    /** Set by context, once the configuration holds. */
    auth: AuthContext
    /** Set by authenticate, on the routes behind it. */
    claims: AccessTokenClaims
  }
}

export const factory = createFactory<AppEnv>()
