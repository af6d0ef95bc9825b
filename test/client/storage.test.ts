import { afterEach, describe, expect, test, vi } from 'vitest'
import { createAuthClient, type SessionStore } from '../../src/client/create-auth-client'
import type { StoredSession } from '../../src/client/session-store'
import { runtimeSurroundings } from '../../src/client/surroundings'
import { advanceSeconds } from '../platform/clock'
import { createNetwork, SERVICE } from '../platform/network'
import { createBrowser, eventsOf, signUpIn } from '../platform/tabs'

const STORED = `gatehouse:${SERVICE}`
const web = { tabs: { storage: 'localStorage' } } as const

/** As a browser does when another tab has changed what is stored. */
function tellOfStorage(key: string | null): void {
  const page = globalThis as unknown as EventTarget
  page.dispatchEvent(Object.assign(new Event('storage'), { key }))
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('localStorage', () => {
  test('has the session after a reload, with its age', async () => {
    const { network, openTab } = createBrowser(web)
    const { email } = await signUpIn(openTab())
    advanceSeconds(500)
    const reloaded = openTab()
    const events = eventsOf(reloaded)
    expect(await reloaded.user()).toMatchObject({ email })
    expect(events).toEqual([`signedIn ${email}`])
    await reloaded.me()
    expect(network.count('POST /auth/refresh')).toBe(0)
    advanceSeconds(200)
    await reloaded.me()
    expect(network.count('POST /auth/refresh')).toBe(1)
  })

  test.each(['', '{', 'null', '[]', '{"access_token":"a"}', '"text"'])(
    'that holds %s has no session',
    async (text) => {
      const { stored, openTab } = createBrowser(web)
      stored.set(STORED, text)
      const tab = openTab()
      expect(await tab.user()).toBeNull()
      const { email } = await signUpIn(tab)
      expect(await openTab().user()).toMatchObject({ email })
    },
  )

  test.each([
    ['no user', { user: null }],
    ['a user that is a number', { user: 5 }],
    ['a user without an id', { user: {} }],
    ['a token that no header takes', { access_token: 'a\nb' }],
    ['a token of two words', { access_token: 'a b' }],
    ['an empty token', { access_token: '' }],
    ['a token that is a list', { access_token: ['a'] }],
    ['no lifetime', { expires_in: undefined }],
    ['a lifetime in words', { expires_in: '900' }],
    ['no age', { received_at: null }],
  ])('whose session has %s has none, and a logout clears it', async (_name, flaw) => {
    const { network, stored, openTab } = createBrowser(web)
    await signUpIn(openTab())
    const session: object = JSON.parse(stored.get(STORED) ?? '')
    stored.set(STORED, JSON.stringify({ ...session, ...flaw }))
    const tab = openTab()
    const events = eventsOf(tab)
    expect(await tab.user()).toBeNull()
    await expect(tab.me()).rejects.toMatchObject({ code: 'missing_token' })
    expect(network.sent.at(-1)).toMatchObject({ authorization: null })
    await tab.logOut()
    expect(stored.size).toBe(0)
    expect(events).toEqual([])
  })

  test('of two services keeps two sessions', async () => {
    const { stored, openTab } = createBrowser(web)
    await signUpIn(openTab())
    expect([...stored.keys()]).toEqual([STORED])
    expect(await openTab({ baseUrl: 'https://auth.example.com' }).user()).toBeNull()
  })

  test.each([
    ['this session', STORED, ['signedOut']],
    ['everything', null, ['signedOut']],
    ['something else', 'theme', []],
  ])('tells by its own event that another tab has removed %s', async (_name, key, expected) => {
    const { stored, openTab } = createBrowser(web)
    const tab = openTab({ openChannel: () => null })
    await signUpIn(tab)
    const events = eventsOf(tab)
    stored.clear()
    tellOfStorage(key)
    await vi.waitFor(() => expect(events).toEqual(expected))
    tab.close()
  })

  test('is not heeded any more by a client that was closed', async () => {
    const { stored, openTab } = createBrowser(web)
    const tab = openTab()
    await signUpIn(tab)
    const events = eventsOf(tab)
    tab.close()
    stored.clear()
    tellOfStorage(STORED)
    await tab.sessions.list().catch(() => {})
    expect(events).toEqual(['signedOut'])
  })

  test('is replaced by memory where there is none, as in a Worker, or where it is blocked', async () => {
    const { openStorage } = runtimeSurroundings()
    expect(openStorage()).toBeNull()
    vi.stubGlobal('localStorage', new Map())
    expect(openStorage()).toBeInstanceOf(Map)
    Object.defineProperty(globalThis, 'localStorage', {
      configurable: true,
      get: () => {
        throw new DOMException('blocked', 'SecurityError')
      },
    })
    expect(openStorage()).toBeNull()

    const { openTab } = createBrowser({ tabs: { storage: 'localStorage', openStorage } })
    const tab = openTab()
    const { email } = await signUpIn(tab)
    expect(await tab.me()).toMatchObject({ email })
  })
})

test('a store of one’s own may take its time, and is asked each time', async () => {
  let kept: StoredSession | null = null
  const store: SessionStore = {
    load: async () => structuredClone(kept),
    async save(session) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      kept = structuredClone(session)
    },
  }
  const { network, openTab } = createBrowser()
  const [here, there] = [openTab({ storage: store }), openTab({ storage: store })]
  const { email } = await signUpIn(here)
  advanceSeconds(900)
  const people = await Promise.all([here.me(), here.me(), here.me()])
  expect(people).toMatchObject([{ email }, { email }, { email }])
  expect(network.count('POST /auth/refresh')).toBe(1)
  expect(await there.me()).toMatchObject({ email })
  await there.logOut()
  expect(kept).toBeNull()
})

test('a bare runtime will do: no locks, no channels, no localStorage', async () => {
  const { fetch } = createNetwork()
  vi.stubGlobal('fetch', fetch)
  const client = createAuthClient({ baseUrl: `${SERVICE}/` })
  const { email } = await signUpIn(client)
  advanceSeconds(900)
  expect(await client.me()).toMatchObject({ email })
  await client.logOut()
})
