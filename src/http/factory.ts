import { createFactory } from 'hono/factory'
import type { AuthContext } from '../auth/auth-context'
import type { Principal } from '../auth/authenticate'
import type { AccessTokenClaims } from '../crypto/access-token'
import type { Logger } from '../log'
import type { Actor } from '../store/actors'

/** Bindings that a deployment may leave out, which the generated types cannot say. */
export interface OptionalBindings {
  METRICS?: AnalyticsEngineDataset
  EVENTS?: Queue
  EMAIL?: SendEmail
}

export interface AppEnv {
  Bindings: CloudflareBindings & OptionalBindings
  Variables: {
    requestId: string
    /** What the client calls the request; null where it says nothing, or nothing plain. */
    clientRequestId: string | null
    /** Set by request-log, before anything can fail. */
    log: Logger
    now: number
    isDevelopment: boolean
    /** Set by context, once the configuration holds. */
    auth: AuthContext
    /** Set by authenticate, on the routes behind it. */
    claims: AccessTokenClaims
    /** Set by authenticateAny, likewise. */
    principal: Principal
    /** Set by requirePermission or requireRole, likewise. */
    actor: Actor
    /** How an operation succeeded, where there is more than one way. */
    outcome?: string
  }
}

export const factory = createFactory<AppEnv>()
