import type { Context, MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { type TokenVerifier, VerificationUnavailable, type VerifiedClaims } from './token-verifier'

/** What a Hono app of yours has in `c.var` behind `authenticated`. */
export interface Authenticated {
  Variables: { claims: VerifiedClaims }
}

/** The same behind `maybeAuthenticated`: null for a caller without a token that counts. */
export interface MaybeAuthenticated {
  Variables: { claims: VerifiedClaims | null }
}

type VerifierOf = (c: Context) => TokenVerifier

/**
 * Lets pass only requests with an access token that counts (RFC 6750 §2.1), and sets `c.var.claims`.
 *
 * @param verifierOf makes the verifier from `c.env`; keep it between requests, as it keeps its keys
 * @throws HTTPException 401 missing_token or invalid_token, 503 service_unavailable
 */
export function authenticated(verifierOf: VerifierOf): MiddlewareHandler<Authenticated> {
  return async (c, next) => {
    const token = bearerToken(c)
    if (token === null) throw refusal('missing_token')
    const claims = await verified(verifierOf(c), token)
    if (!claims) throw refusal('invalid_token')
    c.set('claims', claims)
    await next()
  }
}

/**
 * Sets `c.var.claims` to the claims or null, and lets everybody pass.
 * @throws HTTPException 503 service_unavailable
 */
export function maybeAuthenticated(verifierOf: VerifierOf): MiddlewareHandler<MaybeAuthenticated> {
  return async (c, next) => {
    const token = bearerToken(c)
    c.set('claims', token === null ? null : await verified(verifierOf(c), token))
    await next()
  }
}

/**
 * Behind `authenticated`: lets pass those who have one of the roles, as the token has them. A token with too many of them leaves them out
 * (`roles_omitted`): remoteVerifier and boundVerifier then have them from the service, the others cannot tell.
 * @throws HTTPException 403 permission_denied, roles_omitted
 */
export function requireRole(
  ...roles: readonly [string, ...string[]]
): MiddlewareHandler<Authenticated> {
  return allowing(({ roles: held, roles_omitted }) =>
    roles_omitted ? 'roles_omitted' : roles.some((role) => held.includes(role)),
  )
}

/**
 * Behind `authenticated`: lets pass those who have all of the permissions, as the token has them. A token with too many of them leaves
 * them out (`permissions_omitted`): remoteVerifier and boundVerifier then have them from the service, the others cannot tell.
 * @throws HTTPException 403 permission_denied, permissions_omitted
 */
export function requirePermission(
  ...permissions: readonly [string, ...string[]]
): MiddlewareHandler<Authenticated> {
  return allowing(({ permissions: held, permissions_omitted }) =>
    permissions_omitted ? 'permissions_omitted' : permissions.every((name) => held.includes(name)),
  )
}

function allowing(
  judge: (claims: VerifiedClaims) => boolean | keyof typeof REFUSALS,
): MiddlewareHandler<Authenticated> {
  return async (c, next) => {
    const verdict = judge(c.var.claims)
    if (verdict !== true) throw refusal(verdict || 'permission_denied')
    await next()
  }
}

// Two headers arrive joined by a comma, which no token contains.
function bearerToken(c: Context): string | null {
  return c.req.header('Authorization')?.match(/^Bearer +([^\s,]+)$/i)?.[1] ?? null
}

async function verified(verify: TokenVerifier, token: string) {
  try {
    return await verify(token)
  } catch (error) {
    if (error instanceof VerificationUnavailable) throw refusal('service_unavailable')
    throw error
  }
}

const CHALLENGE = 'Bearer realm="gatehouse"'
const REFUSALS = {
  missing_token: [401, 'Not authenticated', { 'WWW-Authenticate': CHALLENGE }],
  invalid_token: [
    401,
    'Invalid token',
    { 'WWW-Authenticate': `${CHALLENGE}, error="invalid_token"` },
  ],
  permission_denied: [
    403,
    'Permission denied',
    { 'WWW-Authenticate': `${CHALLENGE}, error="insufficient_scope"` },
  ],
  // What the token leaves out can be asked of the service alone.
  permissions_omitted: [
    403,
    'Permissions not in the token',
    { 'WWW-Authenticate': `${CHALLENGE}, error="insufficient_scope"` },
    'There are too many for a token. This service has to ask for them: remoteVerifier or boundVerifier.',
  ],
  roles_omitted: [
    403,
    'Roles not in the token',
    { 'WWW-Authenticate': `${CHALLENGE}, error="insufficient_scope"` },
    'There are too many for a token. This service has to ask for them: remoteVerifier or boundVerifier.',
  ],
  service_unavailable: [503, 'Service unavailable', { 'Retry-After': '5' }],
} as const

/** Answers as the service itself does (RFC 9457), where the app does not handle it. */
function refusal(code: keyof typeof REFUSALS): HTTPException {
  const [status, title, headers, detail] = REFUSALS[code]
  const type = `urn:gatehouse:problem:${code}`
  const res = new Response(JSON.stringify({ type, title, status, detail, code }), {
    status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
  })
  return new HTTPException(status, { res, message: code })
}
