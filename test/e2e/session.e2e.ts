import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startServer } from './server.ts'

let server: Awaited<ReturnType<typeof startServer>>
before(async () => {
  server = await startServer({ AUTH_REFRESH_GRACE: '2' })
})
after(() => server.stop())

/** As much of any answer as these tests look at. */
interface Session {
  email: string
  access_token: string
  refresh_token: string
  user: { id: string; email: string; last_login_at: string | null }
}

async function call(method: string, path: string, sent: { body?: object; token?: string } = {}) {
  const response = await fetch(server.origin + path, {
    method,
    headers: {
      ...(sent.body && { 'Content-Type': 'application/json' }),
      ...(sent.token && { Authorization: `Bearer ${sent.token}` }),
    },
    ...(sent.body && { body: JSON.stringify(sent.body) }),
  })
  const body: Session = JSON.parse(await response.text())
  return { status: response.status, body }
}

const refresh = (refresh_token: string) =>
  call('POST', '/auth/refresh', { body: { refresh_token } })
const me = (token: string) => call('GET', '/auth/me', { token })
const verify = (token: string) => call('GET', '/auth/verify', { token })
const windowPasses = () => new Promise((resolve) => setTimeout(resolve, 2200))

test('sign up, log in, stay logged in, log out', async () => {
  const credentials = { email: 'you@example.com', password: 'correct horse battery staple' }
  assert.equal((await call('GET', '/health/ready')).status, 200)
  assert.equal((await call('POST', '/auth/signup', { body: credentials })).status, 201)
  assert.equal((await call('POST', '/auth/signup', { body: credentials })).status, 409)

  const login = await call('POST', '/auth/login', { body: credentials })
  assert.equal(login.status, 200)
  const first: Session = login.body
  assert.equal((await me(first.access_token)).body.email, credentials.email)

  const parallel = await Promise.all(Array.from({ length: 50 }, () => refresh(first.refresh_token)))
  assert.deepEqual(
    parallel.map(({ status }) => status),
    Array(50).fill(200),
  )
  assert.equal(new Set(parallel.map(({ body }) => body.refresh_token)).size, 1)
  const [{ body: second } = login] = parallel
  assert.notEqual(second.refresh_token, first.refresh_token)
  assert.equal((await me(second.access_token)).status, 200)

  await windowPasses()
  const third: Session = (await refresh(second.refresh_token)).body
  assert.notEqual(third.refresh_token, second.refresh_token)

  assert.equal((await verify(third.access_token)).status, 200)
  assert.equal((await call('POST', '/auth/logout', { token: third.access_token })).status, 200)
  assert.equal((await me(third.access_token)).status, 401)
  assert.equal((await refresh(third.refresh_token)).status, 401)
})

test('an old token is answered inside the window and ends the session after it', async () => {
  const body = { email: 'thief@example.com', password: 'correct horse battery staple' }
  const first: Session = (await call('POST', '/auth/signup', { body })).body
  const second: Session = (await refresh(first.refresh_token)).body
  const retried = await refresh(first.refresh_token)
  assert.equal(retried.body.refresh_token, second.refresh_token)

  await windowPasses()
  assert.equal((await refresh(first.refresh_token)).status, 401)
  assert.equal((await refresh(second.refresh_token)).status, 401)
  assert.equal((await me(second.access_token)).status, 401)
  assert.equal((await verify(second.access_token)).status, 401)
})

test('the job that runs every minute can be run', async () => {
  const response = await fetch(`${server.origin}/cdn-cgi/handler/scheduled`)
  assert.equal(response.status, 200)
})

test('no secret, token or email was logged', () => {
  const log = server.output()
  assert.match(log, /"event":"login_succeeded"/)
  assert.doesNotMatch(log, /eyJ|example\.com|correct horse|\$pbkdf2/)
})
