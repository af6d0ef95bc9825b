import { type Context, Hono } from 'hono'
import { jwk } from 'hono/jwk'
import type { HonoJsonWebKey } from 'hono/utils/jwt/jws'
import {
  authenticated,
  maybeAuthenticated,
  requirePermission,
  requireRole,
} from '../../src/verify/middleware'
import {
  boundVerifier,
  keySetVerifier,
  localVerifier,
  remoteVerifier,
  type TokenVerifier,
  type VerifiedClaims,
} from '../../src/verify/token-verifier'
import { networkOf } from '../platform/following'

// Another team's Worker, beside ours in the pool: it takes our access tokens and knows nothing of our database.

interface Bindings {
  AUTH: { verify(token: string): Promise<VerifiedClaims | null> }
  AUTH_HTTP: { fetch: typeof fetch }
  REVOCATIONS: KVNamespace
  AUTH_SECRETS: string
}

/** What somebody else answers, where a redirect leads. */
const ANYBODY = {
  ...{ iss: 'x', aud: 'x', sub: 'anybody', iat: 1, exp: 2, type: 'access', email: 'x' },
  ...{ roles: ['admin'], permissions: [], epoch: 1 },
}
const ISSUER = 'http://127.0.0.1:8787'

/** One verifier for each way, good and bad, chosen by the first segment of the path. */
function verifierOf(env: Bindings, way: string, clock: () => number): TokenVerifier {
  const own = {
    issuer: ISSUER,
    secrets: env.AUTH_SECRETS,
    revocations: env.REVOCATIONS,
    clock,
  }
  const remote = (answer: () => Promise<Response>) =>
    remoteVerifier({ baseUrl: ISSUER, fetch: answer })
  const ways: Record<string, () => TokenVerifier> = {
    local: () => localVerifier(own),
    bound: () => boundVerifier(env.AUTH),
    remote: () =>
      remoteVerifier({ baseUrl: ISSUER, fetch: (...sent) => env.AUTH_HTTP.fetch(...sent) }),
    keyless: () => localVerifier({ ...own, revocations: null }),
    'other-issuer': () => localVerifier({ ...own, issuer: 'https://other.example' }),
    'other-audience': () => localVerifier({ ...own, audience: 'https://other.example' }),
    'other-secret': () => localVerifier({ ...own, secrets: `x${env.AUTH_SECRETS}` }),
    'key-set': () => keySetVerifier({ ...own, fetch: (...sent) => env.AUTH_HTTP.fetch(...sent) }),
    'key-set-away': () =>
      keySetVerifier({ ...own, fetch: () => Promise.reject(new Error('away')) }),
    'key-set-broken': () =>
      keySetVerifier({ ...own, fetch: async () => new Response('', { status: 500 }) }),
    unreachable: () => remote(() => Promise.reject(new Error('away'))),
    failing: () => remote(async () => new Response('', { status: 500 })),
    misled: () =>
      remoteVerifier({
        baseUrl: ISSUER,
        fetch: networkOf({
          [`${ISSUER}/auth/verify`]: () => Response.redirect('https://other.example/', 302),
          '*': () => Response.json(ANYBODY),
        }).fetch,
      }),
    unreadable: () => remote(async () => Response.json({ sub: 'anybody' })),
    unbound: () => boundVerifier({ verify: () => Promise.reject(new Error('away')) }),
  }
  const make = ways[way]
  if (!make) throw new Error(`no such way: ${way}`)
  return make()
}

const verifier = (c: Context<{ Bindings: Bindings }>) =>
  verifierOf(c.env, c.req.path.split('/')[1] ?? '', () => Number(c.req.header('X-Now')))

const app = new Hono<{ Bindings: Bindings; Variables: { jwtPayload: object } }>()

const signedIn = authenticated(verifier)
const perhaps = maybeAuthenticated(verifier)

// And Hono's own middleware, which knows nothing of us but where the keys are. The clock of the tests is not its own.
app.use('/hono/*', (c, next) =>
  jwk({
    alg: ['EdDSA', 'ES256'],
    keys: async () => {
      const response = await c.env.AUTH_HTTP.fetch(`${ISSUER}/.well-known/jwks.json`)
      return (await response.json<{ keys: HonoJsonWebKey[] }>()).keys
    },
    verification: { typ: 'at+jwt', iss: ISSUER, aud: ISSUER, exp: false, iat: false, nbf: false },
  })(c, next),
)
app.get('/hono/claims', (c) => c.json(c.get('jwtPayload')))

app.get('/:way/claims', signedIn, (c) => c.json(c.var.claims))
app.get('/:way/maybe', perhaps, (c) => c.json({ email: c.var.claims?.email ?? null }))
app.get('/:way/for-analysts', signedIn, requireRole('admin', 'analyst'), (c) => c.text('ok'))
app.get('/:way/for-readers', signedIn, requirePermission('users:read', 'roles:read'), (c) =>
  c.text('ok'),
)

app.get('/:way/for-writers', signedIn, requirePermission('users:read', 'users:write'), (c) =>
  c.text('ok'),
)

export default app
