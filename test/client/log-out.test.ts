import { describe, expect, test, vi } from 'vitest'
import { advanceSeconds } from '../platform/clock'
import { answerWith, hold, loseAnswers } from '../platform/network'
import { sessionRows } from '../platform/records'
import { createBrowser, eventsOf, signUpIn } from '../platform/tabs'

const REFRESH = 'POST /auth/refresh'
const LOGOUT = 'POST /auth/logout'
const web = { tabs: { storage: 'localStorage' } } as const
const STORED = 'gatehouse:http://127.0.0.1:8787'

test('while a refresh is under way, what it brings is not stored', async () => {
  const { network, stored, openTab } = createBrowser({ tabs: { storage: 'localStorage' } })
  const tab = openTab()
  const { user } = await signUpIn(tab)
  const events = eventsOf(tab)
  advanceSeconds(900)
  const { reached, release, disturbance } = hold(REFRESH)
  network.disturb(disturbance)
  const me = tab.me()
  await reached
  const out = tab.logOut()
  await vi.waitFor(() => expect(stored.size).toBe(0))
  release()
  await expect(me).rejects.toMatchObject({ code: 'signed_out' })
  await out
  expect(stored.size).toBe(0)
  expect(events).toEqual(['signedOut'])
  expect(network.count('GET /auth/me')).toBe(0)
  expect(await sessionRows(user.id)).toMatchObject([{ revoked_reason: 'logout' }])
})

test('a login waits for a refresh under way, and its session is the one that stays', async () => {
  const { network, openTab } = createBrowser({ tabs: { storage: 'cookie', locks: null } })
  const tab = openTab()
  await signUpIn(tab)
  const other = await signUpIn(createBrowser().openTab())
  advanceSeconds(900)
  const { reached, release, disturbance } = hold(REFRESH)
  network.disturb(disturbance)
  const me = tab.me()
  await reached
  const login = tab.logIn(other)
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(network.count('POST /auth/login')).toBe(0)
  release()
  await Promise.all([me, login])
  network.disturb()
  advanceSeconds(900)
  expect(await tab.me()).toMatchObject({ email: other.email })
})

describe('a request that waits for the refresh of a token still good', () => {
  test.each(['its patience ends', 'the refresh fails'])(
    'is not sent when %s after a logout',
    async (end) => {
      const { network, stored, openTab, losePatience } = createBrowser(web)
      const tab = openTab()
      await signUpIn(tab)
      advanceSeconds(700)
      const { reached, release, disturbance } = hold(REFRESH)
      network.disturb((sent) => disturbance(sent, async () => new Response('', { status: 503 })))
      const renamed = tab.changeName({ name: 'Ada' })
      await reached
      const out = tab.logOut().catch(() => {})
      await vi.waitFor(() => expect(stored.size).toBe(0))
      if (end === 'its patience ends') losePatience()
      else release()
      await expect(renamed).rejects.toMatchObject({ code: 'signed_out' })
      expect(network.count('PATCH /auth/me')).toBe(0)
      release()
      await out
    },
  )

  test('is not sent in the name of who logged in meanwhile', async () => {
    const { network, openTab, losePatience } = createBrowser({
      tabs: { storage: 'localStorage', locks: null },
    })
    const [here, there] = [openTab(), openTab()]
    await signUpIn(here)
    advanceSeconds(700)
    const { reached, release, disturbance } = hold(REFRESH)
    network.disturb(disturbance)
    const renamed = here.changeName({ name: 'Ada' })
    await reached
    await signUpIn(there)
    losePatience()
    await expect(renamed).rejects.toMatchObject({ code: 'user_changed' })
    expect(network.count('PATCH /auth/me')).toBe(0)
    release()
  })
})

describe('when the service does not answer', () => {
  test('one that was lost is told again', async () => {
    const { network, openTab } = createBrowser()
    const tab = openTab()
    const { user } = await signUpIn(tab)
    network.disturb(loseAnswers(LOGOUT, 2))
    await tab.logOut()
    expect(network.count(LOGOUT)).toBe(3)
    expect(await sessionRows(user.id)).toMatchObject([{ revoked_reason: 'logout' }])
  })

  test('the session is forgotten here, and that it could not be ended there is told', async () => {
    const { network, stored, openTab } = createBrowser({ tabs: { storage: 'localStorage' } })
    const tab = openTab()
    await signUpIn(tab)
    expect([...stored.keys()]).toEqual([STORED])
    const events = eventsOf(tab)
    network.disturb(answerWith(LOGOUT, () => new Response('', { status: 503 })))
    await expect(tab.logOut()).rejects.toMatchObject({ status: 503 })
    expect(events).toEqual(['signedOut'])
    expect(stored.size).toBe(0)
    await expect(tab.me()).rejects.toMatchObject({ code: 'missing_token' })
  })
})

test('who is not signed in is out already, but ends nothing everywhere', async () => {
  const tab = createBrowser().openTab()
  await tab.logOut()
  await expect(tab.logOut({ everywhere: true })).rejects.toMatchObject({ code: 'missing_token' })
})

test('a session that has ended already is logged out of', async () => {
  const { openTab } = createBrowser()
  const [here, there] = [openTab(), openTab()]
  const person = await signUpIn(here)
  await there.logIn(person)
  await here.sessions.endOthers()
  await there.logOut()
  expect(await there.user()).toBeNull()
})
