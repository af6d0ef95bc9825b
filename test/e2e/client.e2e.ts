import assert from 'node:assert/strict'
import { after, before, mock, test } from 'node:test'
import { AuthClientError, type AuthClientOptions, createAuthClient } from 'gatehouse/client'
import { startServer } from './server.ts'

// The client as it is published, with the locks and channels that Node has, over HTTP.

const PASSWORD = 'correct horse battery staple'
const TABS = 20
const AGED_MS = 900_000

let server: Awaited<ReturnType<typeof startServer>>
before(async () => {
  // Nothing is judged by the clock: a slow machine is only slow.
  mock.method(AbortSignal, 'timeout', () => new AbortController().signal)
  server = await startServer({ AUTH_REFRESH_GRACE: '2' })
})
after(() => server.stop())

/** Tabs of one browser: they share localStorage and cookies, and a clock that can be set ahead. */
function createBrowser(tabs: Partial<AuthClientOptions>) {
  const stored = new Map<string, string>()
  const cookies = new Map<string, string>()
  const sent: string[] = []
  let ahead = 0

  async function send(input: Request | URL | string, init: RequestInit = {}): Promise<Response> {
    const request = new Request(input, init)
    sent.push(`${request.method} ${new URL(request.url).pathname}`)
    if (request.credentials === 'include') {
      request.headers.set('Origin', server.origin)
      request.headers.set('Cookie', [...cookies].map((cookie) => cookie.join('=')).join('; '))
    }
    const response = await fetch(request)
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      cookies.set(name, value)
    }
    return response
  }

  return {
    pass: (milliseconds: number) => {
      ahead += milliseconds
    },
    refreshes: () => sent.filter((operation) => operation === 'POST /auth/refresh').length,
    openTab: () =>
      createAuthClient({
        baseUrl: server.origin,
        fetch: send,
        now: () => Date.now() + ahead,
        openStorage: () => ({
          getItem: (key) => stored.get(key) ?? null,
          setItem: (key, value) => stored.set(key, value),
          removeItem: (key) => stored.delete(key),
        }),
        ...tabs,
      }),
  }
}

for (const storage of ['localStorage', 'cookie'] as const) {
  test(`twenty tabs by ${storage} make one refresh, and are logged out together`, async () => {
    const { openTab, pass, refreshes } = createBrowser({ storage })
    const tabs = Array.from({ length: TABS }, openTab)
    const [first] = tabs
    const email = `${storage}@example.com`
    assert.equal((await first?.signUp({ email, password: PASSWORD }))?.isSignedIn, true)
    await Promise.all(tabs.map((tab) => tab.user()))

    pass(AGED_MS)
    const before = refreshes()
    const people = await Promise.all(tabs.map((tab) => tab.me()))
    assert.deepEqual(
      people.map((user) => user.email),
      Array(TABS).fill(email),
    )
    assert.equal(refreshes() - before, 1)

    const told = Promise.all(tabs.map((tab) => new Promise<void>((go) => tab.on('signedOut', go))))
    await first?.logOut()
    await told
    await Promise.all(
      tabs.map((tab) =>
        assert.rejects(
          tab.me(),
          (error) => error instanceof AuthClientError && error.code === 'missing_token',
        ),
      ),
    )
    for (const tab of tabs) tab.close()
  })
}

test('without locks and channels they stay logged in, over two windows', async () => {
  const { openTab, pass } = createBrowser({
    storage: 'localStorage',
    locks: null,
    openChannel: () => null,
  })
  const tabs = Array.from({ length: TABS }, openTab)
  await tabs[0]?.signUp({ email: 'bare@example.com', password: PASSWORD })
  for (let windows = 0; windows < 2; windows++) {
    pass(AGED_MS)
    await Promise.all(tabs.map((tab) => tab.me()))
    await new Promise((resolve) => setTimeout(resolve, 2200))
  }
  await Promise.all(tabs.map((tab) => tab.me()))
})
