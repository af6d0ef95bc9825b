import { describe, expect, test } from 'vitest'
import { advanceSeconds } from '../platform/clock'
import { createBrowser, eventsOf, signUpIn } from '../platform/tabs'

const REFRESH = 'POST /auth/refresh'
const COOKIE = '__Host-refresh_token'
const cookie = { tabs: { storage: 'cookie' } } as const

test('the refresh token is in the cookie and nowhere else', async () => {
  const { network, stored, openTab } = createBrowser(cookie)
  const tab = openTab()
  const { email } = await signUpIn(tab)
  const first = network.cookies.get(COOKIE)
  expect(first).toBeTypeOf('string')
  advanceSeconds(900)
  expect(await tab.me()).toMatchObject({ email })
  expect(network.cookies.get(COOKIE)).not.toBe(first)
  expect(stored.size).toBe(0)
  expect(network.sent.map(({ body }) => body).join()).not.toContain('refresh_token')
})

describe('a page that is opened', () => {
  test('finds who is signed in by the cookie', async () => {
    const { network, openTab } = createBrowser(cookie)
    const { email } = await signUpIn(openTab({ openChannel: () => null }))
    const reloaded = openTab()
    const events = eventsOf(reloaded)
    expect(await reloaded.user()).toMatchObject({ email })
    expect(await reloaded.me()).toMatchObject({ email })
    expect(network.count(REFRESH)).toBe(1)
    expect(events).toEqual([`signedIn ${email}`])
  })

  test('asks once where nobody is', async () => {
    const { network, openTab } = createBrowser(cookie)
    const tab = openTab()
    const events = eventsOf(tab)
    expect(await tab.user()).toBeNull()
    expect(await tab.accessToken()).toBeNull()
    expect(network.count(REFRESH)).toBe(1)
    expect(events).toEqual([])
    const { email } = await signUpIn(tab)
    expect(await tab.user()).toMatchObject({ email })
  })

  test('does not take an answer that is lost for nobody', async () => {
    const { network, openTab } = createBrowser(cookie)
    const { email } = await signUpIn(openTab({ openChannel: () => null }))
    const reloaded = openTab()
    network.disturb(() => Promise.reject(new TypeError('offline')))
    await expect(reloaded.user()).rejects.toMatchObject({ code: 'no_answer' })
    network.disturb()
    expect(await reloaded.user()).toMatchObject({ email })
  })
})

test('logging out takes the cookie back, also in a tab that knows of no session yet', async () => {
  const { network, openTab } = createBrowser(cookie)
  await signUpIn(openTab({ openChannel: () => null }))
  const reloaded = openTab()
  await reloaded.logOut()
  expect(network.cookies.has(COOKIE)).toBe(false)
  expect(await reloaded.user()).toBeNull()
})

test('a session that a cookie brings is not used for what another user was about to do', async () => {
  const { network, openTab } = createBrowser({
    tabs: { storage: 'cookie', openChannel: () => null, locks: null },
  })
  const [here, there] = [openTab(), openTab()]
  await signUpIn(there)
  const { email } = await signUpIn(here)
  const events = eventsOf(there)
  advanceSeconds(900)
  const renamed = there.changeName({ name: 'Ada' })
  await expect(renamed).rejects.toMatchObject({ code: 'user_changed' })
  expect(network.count('PATCH /auth/me')).toBe(0)
  expect(events.at(-1)).toBe(`signedIn ${email}`)
})
