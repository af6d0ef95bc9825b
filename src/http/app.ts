import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import { canonicalPath } from './canonical-path'
import { provideAuthContext } from './context'
import { type AppEnv, factory } from './factory'
import { BODY_METHODS, jsonBody } from './json-body'
import { metrics } from './metrics'
import { openApiDocument } from './openapi'
import { isPagePath, pages } from './page-routes'
import { ProblemError, problem, type Refusal } from './problem'
import { rateLimit } from './rate-limit'
import { refusalOf } from './refusal'
import { requestLog } from './request-log'
import { account } from './routes/account'
import { adminAuditEvents } from './routes/admin-audit-events'
import { adminInvitations } from './routes/admin-invitations'
import { adminPermissions } from './routes/admin-permissions'
import { adminRoles } from './routes/admin-roles'
import { adminUsers } from './routes/admin-users'
import { apiKeys } from './routes/api-keys'
import { authentication } from './routes/authentication'
import { emails } from './routes/emails'
import { health } from './routes/health'
import { passwords } from './routes/passwords'
import { sessions } from './routes/sessions'
import { tokens } from './routes/tokens'
import { wellKnown } from './routes/well-known'

const BODY_LIMIT_BYTES = 16 * 1024

const limitBody = bodyLimit({
  maxSize: BODY_LIMIT_BYTES,
  onError: () => {
    throw new ProblemError('payload_too_large')
  },
})

const app = factory.createApp({ getPath: canonicalPath })

app.onError((error, c) => refuse(c, refusalOf(error, c)))
app.notFound((c) => refuse(c, { code: 'not_found' }))

app.use(requestId({ limitLength: 64 }))
app.use(requestLog)
app.use(
  secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    strictTransportSecurity: 'max-age=31536000; includeSubDomains',
    xFrameOptions: 'DENY',
    // A page allows its own stylesheet and forms.
    overwrite: false,
  }),
)
app.use(async (c, next) => {
  await next()
  if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store')
})
app.use(metrics)
app.use(provideAuthContext)
app.use((c, next) => {
  // Pages are for people: no script of another origin reads them.
  if (isPagePath(c.req.path)) return next()
  return cors({
    origin: [...c.var.auth.config.frontendOrigins],
    credentials: true,
    allowMethods: ['GET', 'HEAD', ...BODY_METHODS],
    allowHeaders: ['Authorization', 'Content-Type', 'X-API-Key', 'X-Request-Id'],
    exposeHeaders: ['X-Request-Id', 'Retry-After', 'WWW-Authenticate'],
    maxAge: 600,
  })(c, next)
})
app.use(rateLimit)
app.use(
  methodNotAllowed({
    app,
    onMethodNotAllowed: (c, methods) =>
      refuse(c, { code: 'method_not_allowed', headers: { Allow: methods.join(', ') } }),
  }),
)
// It makes the request anew around what it has read, which cannot be done with a GET. What it throws itself, `next`
// throwing nothing, is the size, or that the body was cut off.
app.use((c, next) => {
  if (!BODY_METHODS.includes(c.req.method)) return next()
  return limitBody(c, next).catch((error) => {
    throw error instanceof ProblemError ? error : new ProblemError('malformed_json')
  })
})
app.route('/', pages)
app.use(jsonBody)

const routes = app
  .route('/auth', authentication)
  .route('/auth', passwords)
  .route('/auth', emails)
  .route('/auth', tokens)
  .route('/auth/me', account)
  .route('/auth/sessions', sessions)
  .route('/auth/api-keys', apiKeys)
  .route('/admin/users', adminUsers)
  .route('/admin/invitations', adminInvitations)
  .route('/admin/roles', adminRoles)
  .route('/admin/permissions', adminPermissions)
  .route('/admin/audit-events', adminAuditEvents)
  .route('/.well-known', wellKnown)
  .route('/health', health)
  .get('/openapi.json', (c) => c.body(document(), 200, { 'Content-Type': 'application/json' }))

// People are told by a page, programs by a problem.
async function refuse(c: Context<AppEnv>, refusal: Refusal): Promise<Response> {
  const isAsked = refusal.code === 'not_found' && c.req.header('Accept')?.includes('text/html')
  if (!isPagePath(c.req.path) && !isAsked) return problem(c, refusal)
  const { refusalPage } = await import('./pages/refusal-page')
  return refusalPage(c, refusal)
}

const INFO = {
  title: 'Gatehouse',
  version: '0.1.0',
  description: 'Authentication: accounts, sessions with rotating refresh tokens, and roles.',
}

// Made when it is first asked for: it takes more work than any other answer.
const made: { document?: string } = {}
const document = () => {
  made.document ??= JSON.stringify(openApiDocument(app.routes, INFO))
  return made.document
}

export { app }
export type AppType = typeof routes
