import { describe, expect, test, vi } from 'vitest'
import { advanceSeconds } from '../platform/clock'
import { hold, loseAnswers } from '../platform/network'
import { sessionRows } from '../platform/records'
import { createBrowser, eventsOf, signUpIn } from '../platform/tabs'

// Tabs of one browser, which share what is stored.

const REFRESH = 'POST /auth/refresh'
const TABS = 20

const storages = ['localStorage', 'cookie'] as const

/** Tabs in which somebody is signed in, and whose access token has expired. */
async function openExpired(options: Parameters<typeof createBrowser>[0]) {
  const browser = createBrowser(options)
  const person = await signUpIn(browser.openTab())
  const tabs = Array.from({ length: TABS }, () => browser.openTab())
  for (const tab of tabs) expect(await tab.user()).toMatchObject({ email: person.email })
  advanceSeconds(900)
  const askedBefore = browser.network.count(REFRESH)
  const refreshes = () => browser.network.count(REFRESH) - askedBefore
  return { ...browser, ...person, tabs, refreshes }
}

describe.each(storages)('twenty tabs by %s, whose token has expired', (storage) => {
  test('make one refresh', async () => {
    const { tabs, email, user, refreshes } = await openExpired({ tabs: { storage } })
    const events = tabs.map(eventsOf)
    const people = await Promise.all(tabs.flatMap((tab) => [tab.me(), tab.me(), tab.me()]))
    expect(people).toHaveLength(3 * TABS)
    expect(refreshes()).toBe(1)
    expect(new Set(await Promise.all(tabs.map((tab) => tab.accessToken()))).size).toBe(1)
    expect(events).toEqual(Array(TABS).fill([`refreshed ${email}`]))
    expect(await sessionRows(user.id)).toMatchObject([{ revoked_at: null }])
  })

  test('without locks and channels converge, and stay logged in', async () => {
    const { tabs, user, network, refreshes } = await openExpired({
      tabs: { storage, locks: null, openChannel: () => null },
    })
    const events = tabs.map(eventsOf)
    await Promise.all(tabs.map((tab) => tab.me()))
    expect(refreshes()).toBeGreaterThan(1)
    advanceSeconds(900)
    await Promise.all(tabs.map((tab) => tab.me()))
    expect(await sessionRows(user.id)).toMatchObject([{ revoked_at: null }])
    expect(events.flat()).not.toContain('signedOut')
    expect(network.sent.length).toBeGreaterThan(2 * TABS)
  })

  test('lose the first answer, and make one more', async () => {
    const { tabs, network, refreshes } = await openExpired({ tabs: { storage } })
    network.disturb(loseAnswers(REFRESH, 1))
    await Promise.all(tabs.map((tab) => tab.me()))
    expect(refreshes()).toBe(2)
  })
})

describe.each(storages)('two tabs by %s', (storage) => {
  test('are signed in and out together', async () => {
    const { openTab } = createBrowser({ tabs: { storage } })
    const [here, there] = [openTab(), openTab()]
    const events = eventsOf(there)
    const { email } = await signUpIn(here)
    await vi.waitFor(() => expect(events).toEqual([`signedIn ${email}`]))
    expect(await there.me()).toMatchObject({ email })
    await here.logOut()
    await vi.waitFor(() => expect(events).toEqual([`signedIn ${email}`, 'signedOut']))
    expect(await there.user()).toBeNull()
    expect(await there.accessToken()).toBeNull()
  })

  test('one logs out while the other refreshes, and both are out', async () => {
    const { network, openTab } = createBrowser({ tabs: { storage } })
    const [here, there] = [openTab(), openTab()]
    const { user } = await signUpIn(here)
    const events = eventsOf(there)
    await there.user()
    advanceSeconds(900)
    const { reached, release, disturbance } = hold(REFRESH)
    network.disturb(disturbance)
    const me = there.me()
    await reached
    const out = here.logOut()
    await vi.waitFor(() => expect(events.at(-1)).toBe('signedOut'))
    release()
    await expect(me).rejects.toMatchObject({ code: 'signed_out' })
    await out
    expect(await there.user()).toBeNull()
    expect(events.at(-1)).toBe('signedOut')
    expect(await sessionRows(user.id)).toMatchObject([{ revoked_reason: 'logout' }])
  })

  test('one logs in as somebody else, and what the other was about to do is not done', async () => {
    const { network, openTab } = createBrowser({ tabs: { storage } })
    const [here, there] = [openTab(), openTab()]
    await signUpIn(here)
    await there.user()
    const events = eventsOf(there)
    const { reached, release, disturbance } = hold('PATCH /auth/me')
    const refused = Response.json({ code: 'invalid_token', detail: '' }, { status: 401 })
    network.disturb((sent, proceed) =>
      disturbance(sent, sent.operation === 'PATCH /auth/me' ? async () => refused : proceed),
    )
    const renamed = there.changeName({ name: 'Ada' })
    await reached
    const other = await signUpIn(here)
    release()
    await expect(renamed).rejects.toMatchObject({ code: 'invalid_token' })
    expect(network.count('PATCH /auth/me')).toBe(1)
    expect(await there.me()).toMatchObject({ email: other.email, name: null })
    expect(events.at(-1)).toBe(`signedIn ${other.email}`)
  })
})

test('a tab that wakes long after others have refreshed takes what they stored', async () => {
  const { network, openTab } = createBrowser({ tabs: { storage: 'localStorage' } })
  const [awake, asleep] = [openTab(), openTab({ openChannel: () => null })]
  const { email } = await signUpIn(awake)
  await asleep.me()
  for (let lives = 0; lives < 3; lives++) {
    advanceSeconds(850)
    await awake.me()
  }
  const asked = network.count(REFRESH)
  expect(asked).toBe(3)
  expect(await asleep.me()).toMatchObject({ email })
  expect(network.count(REFRESH)).toBe(asked)
})

test('a refresh that was refused signs nobody out when another tab has stored a newer session', async () => {
  const { network, openTab } = createBrowser({ tabs: { storage: 'localStorage', locks: null } })
  const [here, there] = [openTab(), openTab()]
  const person = await signUpIn(here)
  const events = eventsOf(here)
  advanceSeconds(900)
  const { reached, release, disturbance } = hold(REFRESH)
  network.disturb((sent, proceed) =>
    disturbance(sent, async () => {
      const answer = await proceed()
      const refused = { code: 'invalid_refresh_token', detail: '' }
      return sent.operation === REFRESH ? Response.json(refused, { status: 401 }) : answer
    }),
  )
  const me = here.me()
  await reached
  await there.logIn(person)
  release()
  expect(await me).toMatchObject({ email: person.email })
  expect(events).not.toContain('signedOut')
})

describe('a lock that cannot be had', () => {
  test('is gone without when its holder sleeps', async () => {
    const { network, openTab } = createBrowser({ tabs: { storage: 'localStorage' } })
    const [here, there] = [openTab(), openTab()]
    const { email } = await signUpIn(here)
    advanceSeconds(900)
    const { reached, release, disturbance } = hold(REFRESH)
    let asked = 0
    network.disturb((sent, proceed) =>
      sent.operation === REFRESH && asked++ === 0 ? disturbance(sent, proceed) : proceed(),
    )
    const sleeper = here.me()
    await reached
    vi.mocked(AbortSignal.timeout).mockReturnValueOnce(AbortSignal.abort('waited'))
    expect(await there.me()).toMatchObject({ email })
    release()
    expect(await sleeper).toMatchObject({ email })
    expect(network.count(REFRESH)).toBe(2)
  })

  test('is gone without where it is refused', async () => {
    const locks = { request: () => Promise.reject(new DOMException('sandboxed', 'SecurityError')) }
    const { network, openTab } = createBrowser({ tabs: { storage: 'localStorage', locks } })
    const tab = openTab()
    const { email } = await signUpIn(tab)
    advanceSeconds(900)
    expect(await tab.me()).toMatchObject({ email })
    expect(network.count(REFRESH)).toBe(1)
  })

  test('is not asked for twice when what was done under it failed', async () => {
    const { network, openTab } = createBrowser({ tabs: { storage: 'localStorage' } })
    const tab = openTab()
    await signUpIn(tab)
    advanceSeconds(900)
    network.disturb(() => Promise.reject(new TypeError('offline')))
    await expect(tab.me()).rejects.toMatchObject({ code: 'no_answer' })
    expect(network.count(REFRESH)).toBe(5)
  })
})

test('clients that keep their session in memory know nothing of each other', async () => {
  const { openTab } = createBrowser()
  const [here, there] = [openTab(), openTab()]
  await signUpIn(here)
  expect(await there.user()).toBeNull()
})

test('a client that was closed hears nothing more', async () => {
  const { openTab } = createBrowser({ tabs: { storage: 'localStorage' } })
  const [here, there] = [openTab(), openTab()]
  const events = eventsOf(there)
  there.close()
  await signUpIn(here)
  expect(events).toEqual([])
})
