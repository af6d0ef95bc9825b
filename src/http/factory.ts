import { createFactory } from 'hono/factory'
import type { AuthContext } from '../auth/auth-context'
import type { Principal } from '../auth/authenticate'
import type { AccessTokenClaims } from '../crypto/access-token'
import type { Logger } from '../log'

/** Bindings that a deployment may leave out, which the generated types cannot say. */
interface OptionalBindings {
  METRICS?: AnalyticsEngineDataset
}

export interface AppEnv {
  Bindings: CloudflareBindings & OptionalBindings
  Variables: {
    requestId: string
    /** Set by request-log, before anything can fail. */
    log: Logger
    now: number
    /** Set by context, once the configuration holds. */
    auth: AuthContext
    /** Set by authenticate, on the routes behind it. */
    claims: AccessTokenClaims
    /** Set by authenticateMovingIn, likewise. */
    principal: Principal
    /** How an operation succeeded, where there is more than one way. */
    outcome?: string
  }
}

export const factory = createFactory<AppEnv>()
