import { describe, expect, test } from 'vitest'
import { createNetwork, SERVICE } from '../platform/network'
import { newEmail, PASSWORD } from '../platform/people'
import { createBrowser, signUpIn } from '../platform/tabs'

// The access token is for the service and for whom it was allowed, and for nobody else.

const API = 'https://api.example.com'

/** Somebody signed in, on a network where everything beyond the service answers 200. */
async function openSignedIn(answer = () => new Response('{}')) {
  const network = createNetwork()
  const tab = createBrowser({ network }).openTab({ allowedOrigins: [`${API}/v1/`] })
  await signUpIn(tab)
  network.disturb((sent, proceed) =>
    sent.url.startsWith(`${SERVICE}/auth/`) ? proceed() : Promise.resolve(answer()),
  )
  return { network, tab, token: `Bearer ${await tab.accessToken()}` }
}

test.each([`${SERVICE}/anything?at=all`, `${API}/todos`, `${API}:443/todos`])(
  '%s is given the token',
  async (url) => {
    const { network, tab, token } = await openSignedIn()
    await tab.fetch(url)
    await tab.fetch(new URL(url))
    await tab.fetch(new Request(url))
    const sent = network.sent.slice(-3)
    expect(sent.map(({ authorization }) => authorization)).toEqual([token, token, token])
  },
)

test.each([
  'https://example.com/todos',
  `${API}.evil.example/todos`,
  'https://api.example.com:8443/todos',
  'http://api.example.com/todos',
  'https://api.example.com@evil.example/todos',
  'https://evil.example/https://api.example.com/',
  'http://127.0.0.1:8788/auth/me',
  'http://localhost:8787/auth/me',
  'evil-app://api.example.com/todos',
])('%s is not', async (url) => {
  const { network, tab } = await openSignedIn(() => new Response('', { status: 401 }))
  expect((await tab.fetch(url)).status).toBe(401)
  await tab.fetch(new Request(url))
  const sent = network.sent.slice(-2)
  expect(sent.map(({ authorization }) => authorization)).toEqual([null, null])
  expect(network.count('POST /auth/refresh')).toBe(0)
})

test('a token of the caller’s own stays, and what it is refused is not ours to mend', async () => {
  const { network, tab } = await openSignedIn(() => new Response('', { status: 401 }))
  const headers = { Authorization: 'Bearer own' }
  expect((await tab.fetch(`${API}/todos`, { headers })).status).toBe(401)
  expect(network.sent.at(-1)?.authorization).toBe('Bearer own')
  expect(network.count('POST /auth/refresh')).toBe(0)
})

describe('a redirect', () => {
  const elsewhere = () =>
    new Response(null, { status: 307, headers: { Location: 'https://evil.example/' } })

  test('is not followed with the token', async () => {
    const { network, tab } = await openSignedIn(elsewhere)
    await expect(tab.fetch(`${API}/todos`)).rejects.toMatchObject({ code: 'redirected' })
    expect(network.sent.at(-1)).toMatchObject({ url: `${API}/todos`, redirect: 'manual' })
  })

  test('is not followed in a browser, which hides where it leads to', async () => {
    const { tab } = await openSignedIn(() => Response.error())
    await expect(tab.fetch(`${API}/todos`)).rejects.toMatchObject({ code: 'redirected' })
  })

  test('is handed to a caller who wants to see it', async () => {
    const { network, tab } = await openSignedIn(elsewhere)
    const answer = await tab.fetch(`${API}/todos`, { redirect: 'manual' })
    expect(answer.headers.get('Location')).toBe('https://evil.example/')
    expect(network.sent.at(-1)?.url).toBe(`${API}/todos`)
  })

  test('without the token is the business of fetch', async () => {
    const { network, tab } = await openSignedIn()
    await tab.fetch('https://example.com/todos')
    expect(network.sent.at(-1)).toMatchObject({ redirect: 'follow' })
  })

  test.each(['logIn', 'signUp'] as const)(
    'of a password is not followed: %s',
    async (operation) => {
      const { network, openTab } = createBrowser()
      const tab = openTab()
      network.disturb(() => Promise.resolve(elsewhere()))
      const done = tab[operation]({ email: newEmail(), password: PASSWORD })
      await expect(done).rejects.toMatchObject({ code: 'redirected' })
      expect(network.sent).toMatchObject([{ redirect: 'manual' }])
    },
  )

  test('of a refresh token is not followed', async () => {
    const { network, tab } = await openSignedIn()
    network.disturb(() => Promise.resolve(elsewhere()))
    await expect(tab.logOut()).rejects.toMatchObject({ code: 'redirected' })
    expect(new Set(network.sent.map(({ redirect }) => redirect))).toEqual(new Set(['manual']))
  })
})

test('a base that is no address is refused at once', () => {
  const { openTab } = createBrowser()
  expect(() => openTab({ baseUrl: '/auth' })).toThrow(TypeError)
  expect(() => openTab({ allowedOrigins: ['*'] })).toThrow(TypeError)
})

test.each(['capacitor://localhost', 'app://api', 'file:///', 'data:,'])(
  '%s has no origin of its own, and is refused at once',
  (url) => {
    const { openTab } = createBrowser()
    expect(() => openTab({ allowedOrigins: [API, url] })).toThrow(`${url} has no origin`)
    expect(() => openTab({ baseUrl: url })).toThrow(TypeError)
  },
)
