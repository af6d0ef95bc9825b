import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startServer } from './server.ts'

const APP = 'https://app.example.com'

let server: Awaited<ReturnType<typeof startServer>>
before(async () => {
  server = await startServer({ AUTH_REFRESH_GRACE: '2', FRONTEND_URL: APP })
})
after(() => server.stop())

/** Keeps cookies and sends them back as a browser would, from one page. */
function browser(origin: string) {
  const jar = new Map<string, string>()
  return {
    jar,
    async post(path: string, body: object) {
      const response = await fetch(server.origin + path, {
        method: 'POST',
        headers: {
          Origin: origin,
          'Content-Type': 'application/json',
          Cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        },
        body: JSON.stringify(body),
      })
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = '', value = '', attributes = ''] =
          /^([^=]+)=([^;]*);(.*)$/.exec(cookie) ?? []
        assert.match(attributes, /Path=\/; HttpOnly; Secure; SameSite=Strict$/)
        if (/Max-Age=0/.test(attributes)) jar.delete(name)
        else jar.set(name, value)
      }
      const text = await response.text()
      const answer: { access_token: string; refresh_token?: string } = JSON.parse(text)
      return {
        status: response.status,
        allowed: response.headers.get('Access-Control-Allow-Origin'),
        answer,
      }
    },
  }
}

test('a browser signs up, stays logged in over two windows and logs out, its token out of reach', async () => {
  const page = browser(APP)
  const credentials = { email: 'browser@example.com', password: 'correct horse battery staple' }
  const signup = await page.post('/auth/signup', { ...credentials, transport: 'cookie' })
  assert.equal(signup.status, 201)
  assert.equal(signup.allowed, APP)
  assert.equal(signup.answer.refresh_token, undefined)
  const first = page.jar.get('__Host-refresh_token')
  assert.ok(first)

  const tabs = await Promise.all(Array.from({ length: 10 }, () => page.post('/auth/refresh', {})))
  assert.deepEqual(
    tabs.map(({ status }) => status),
    Array(10).fill(200),
  )
  const second = page.jar.get('__Host-refresh_token')
  assert.notEqual(second, first)
  await new Promise((resolve) => setTimeout(resolve, 2200))
  const refreshed = await page.post('/auth/refresh', {})
  assert.equal(refreshed.answer.refresh_token, undefined)
  assert.notEqual(page.jar.get('__Host-refresh_token'), second)

  assert.equal((await page.post('/auth/logout', {})).status, 200)
  // That the device is known is no login.
  assert.deepEqual([...page.jar.keys()], ['__Host-device'])
  assert.equal((await page.post('/auth/refresh', {})).status, 401)
})

test('another page cannot use the cookie', async () => {
  const page = browser(APP)
  const credentials = { email: 'victim@example.com', password: 'correct horse battery staple' }
  await page.post('/auth/signup', { ...credentials, transport: 'cookie' })
  const evil = browser('https://evil.example')
  for (const [name, value] of page.jar) evil.jar.set(name, value)
  const forged = await evil.post('/auth/logout', {})
  assert.equal(forged.status, 403)
  assert.equal(forged.allowed, null)
  assert.equal((await page.post('/auth/refresh', {})).status, 200)
})
