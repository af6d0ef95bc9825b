// The least that each kind of request can cost on this platform: a Worker that does only that, beside ours. bench/README.md
import { type Context, Hono } from 'hono'
import { jwtVerify, SignJWT } from 'jose'
import { type Config, configOf } from '../../src/config'
import { pbkdf2 } from '../../src/crypto/pbkdf2'
import { importSigningKeys, type SigningKey } from '../../src/crypto/signing-keys'
import { adoptSessions } from './adopt'
import { type Requests, recordRequests, requestOf } from './recorded-requests'
import { PASSWORD, seedUsers } from './seed'

type Env = { Bindings: CloudflareBindings }

interface Known {
  readonly config: Config
  readonly key: SigningKey
  readonly requests: Requests
}

const known = new WeakMap<object, Known>()
const app = new Hono<Env>()

// (a) Hono and a small JSON.
app.get('/floor/json', (c) => c.json({ status: 'healthy' }))

// What a line of the log costs where this runs.
app.get('/floor/log', (c) => {
  console.log(JSON.stringify({ level: 'INFO', event: 'request', time: new Date().toISOString() }))
  return c.json({ status: 'healthy' })
})

// (b) and a verified token.
app.get('/floor/token', async (c) => c.json(await verifiedClaims(c, await knownOf(c.env))))

// (c) and one bulk read of KV.
app.get('/floor/verify', async (c) => {
  const claims = await verifiedClaims(c, await knownOf(c.env))
  const keys = [`revoked:session:${claims['sid']}`, `revoked:user:${claims.sub}`]
  const markers = await c.env.REVOCATIONS.get(keys, { type: 'text', cacheTtl: 30 })
  if ([...markers.values()].some((marker) => marker !== null)) return c.json({}, 401)
  return c.json(claims)
})

// (d) and the statements of GET /auth/me.
app.get('/floor/me', async (c) => {
  const { requests, ...rest } = await knownOf(c.env)
  const { sub: userId = '', sid } = await verifiedClaims(c, rest)
  const now = Date.now()
  const [, account] = await c.env.DB.batch(
    requestOf(c.env.DB, requests.me, { userId, sessionId: String(sid) }, now),
  )
  return c.json(account?.results[0], 200)
})

// (e) The statements of POST /auth/refresh and two signatures. The token is `session~user~hash`.
app.post('/floor/refresh', async (c) => {
  const { requests, key, config } = await knownOf(c.env)
  const { refresh_token: token } = await c.req.json<{ refresh_token: string }>()
  const [sessionId = '', userId = '', presented = ''] = token.split('~')
  const successor = crypto.randomUUID()
  const now = Date.now()
  const slots = { sessionId, userId, presented, successor, eventId: crypto.randomUUID() }
  const [, , , rotated, , account] = await c.env.DB.batch(
    requestOf(c.env.DB, requests.refresh, slots, now),
  )
  if (rotated?.results.length !== 1) return c.json({}, 401)
  const [access_token, signed] = await signTwo(config, key, { sub: userId, sid: sessionId }, now)
  const refresh_token = `${sessionId}~${userId}~${successor}`
  return c.json({ access_token, refresh_token, signed, user: account?.results[0] })
})

// (f) Six PBKDF2 calls.
app.post('/floor/kdf', async (c) => {
  const { config } = await knownOf(c.env)
  const { password } = await c.req.json<{ password: string }>()
  return c.json({ length: (await chain(password, config)).length })
})

// (g) (f), the statements of POST /auth/login and two signatures.
app.post('/floor/login', async (c) => {
  const { requests, key, config } = await knownOf(c.env)
  const { email, password } = await c.req.json<{ email: string; password: string }>()
  const now = Date.now()
  const id = crypto.randomUUID()
  const reserved = await c.env.DB.batch<Record<string, string>>(
    requestOf(c.env.DB, requests.reserveLogin, { email, id }, now),
  )
  const { id: userId = '', password_hash: passwordHash = '' } = reserved[3]?.results[0] ?? {}
  await chain(password, config)
  const slots = { userId, passwordHash, email, id, sessionId: id, eventId: id }
  const started = await c.env.DB.batch(requestOf(c.env.DB, requests.startSession, slots, now))
  if (started.at(-2)?.results.length !== 1) return c.json({}, 401)
  const tokens = await signTwo(config, key, { sub: userId, sid: id }, now)
  return c.json({ tokens, user: started.at(-1)?.results[0] })
})

// (h) (f), the statements of POST /auth/signup and two signatures.
app.post('/floor/signup', async (c) => {
  const { requests, key, config } = await knownOf(c.env)
  const { email, password } = await c.req.json<{ email: string; password: string }>()
  const now = Date.now()
  const userId = crypto.randomUUID()
  await chain(password, config)
  const slots = { userId, email, sessionId: userId, eventId: userId, passwordHash: userId }
  const created = await c.env.DB.batch(requestOf(c.env.DB, requests.signUp, slots, now))
  if (created[4]?.results.length !== 1) return c.json({}, 409)
  const tokens = await signTwo(config, key, { sub: userId, sid: userId }, now)
  return c.json({ tokens, user: created[4].results[0] }, 201)
})

app.post('/seed', async (c) => {
  const { users } = await c.req.json<{ users: number }>()
  return c.json({ password: PASSWORD, users: await seedUsers(c.env, users) })
})

app.post('/adopt', async (c) => {
  const { user_ids } = await c.req.json<{ user_ids: readonly string[] }>()
  return c.json({ password: PASSWORD, users: await adoptSessions(c.env, user_ids) })
})

export default app

async function knownOf(env: CloudflareBindings): Promise<Known> {
  const found = known.get(env)
  if (found) return found
  const config = configOf(env)
  const { current: key } = await importSigningKeys(config.secrets)
  const made = { config, key, requests: await recordRequests() }
  known.set(env, made)
  return made
}

async function verifiedClaims(c: Context<Env>, { config, key }: Pick<Known, 'config' | 'key'>) {
  const token = c.req.header('Authorization')?.slice('Bearer '.length) ?? ''
  const { issuer, audience } = config
  const options = { algorithms: ['HS256'], typ: 'at+jwt', issuer, audience }
  return (await jwtVerify(token, key.accessToken, options)).payload
}

function signTwo(
  { issuer, audience }: Config,
  { accessToken, refreshToken, kid }: SigningKey,
  { sub, sid }: { sub: string; sid: string },
  now: number,
): Promise<[string, string]> {
  const iat = Math.floor(now / 1000)
  const common = { iss: issuer, aud: audience, sub, sid, jti: crypto.randomUUID(), iat }
  const access = { ...common, exp: iat + 900, type: 'access', roles: ['user'], permissions: [] }
  const refresh = { ...common, exp: iat + 86_400, type: 'refresh' }
  return Promise.all([
    new SignJWT(access).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid }).sign(accessToken),
    new SignJWT(refresh)
      .setProtectedHeader({ alg: 'HS256', typ: 'rt+jwt', kid })
      .sign(refreshToken),
  ])
}

async function chain(password: string, { passwordHashing }: Config): Promise<Uint8Array> {
  let output: Uint8Array = new TextEncoder().encode(password)
  for (let round = 1; round <= passwordHashing.rounds; round++) {
    output = await pbkdf2(output, new Uint8Array(17).fill(round), passwordHashing.iterations)
  }
  return output
}
