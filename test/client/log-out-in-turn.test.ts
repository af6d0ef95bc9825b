import { describe, expect, test, vi } from 'vitest'
import { advanceSeconds } from '../platform/clock'
import { hold } from '../platform/network'
import { sessionRows } from '../platform/records'
import { createBrowser, eventsOf, signUpIn } from '../platform/tabs'

// The cookie is the browser's: a logout that comes late must not take that of who logged in next.

const LOGOUT = 'POST /auth/logout'
const COOKIE = '__Host-refresh_token'
const cookie = { tabs: { storage: 'cookie' } } as const

/** Two tabs where one person is signed in, and another one who has an account. */
async function openTwo(options: Parameters<typeof createBrowser>[0] = cookie) {
  const browser = createBrowser(options)
  const [here, there] = [browser.openTab(), browser.openTab()]
  const person = await signUpIn(here)
  await vi.waitFor(async () => expect((await there.user())?.email).toBe(person.email))
  return { ...browser, here, there, person, next: await signUpIn(createBrowser().openTab()) }
}

test.each(['here', 'there'] as const)('a login waits for a logout, %s', async (where) => {
  const two = await openTwo()
  const { network, here, next } = two
  const { reached, release, disturbance } = hold(LOGOUT)
  network.disturb(disturbance)
  const out = here.logOut()
  await reached
  expect(await here.user()).toBeNull()
  const login = two[where].logIn(next)
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(network.count('POST /auth/login')).toBe(0)
  release()
  await Promise.all([out, login])
  expect(network.cookies.has(COOKIE)).toBe(true)
  advanceSeconds(900)
  expect(await two[where].me()).toMatchObject({ email: next.email })
})

describe('where no lock is to be had', () => {
  test.each([false, true])(
    'a logout that is lost is not told again once another session began, everywhere: %s',
    async (everywhere) => {
      const { network, pauses, here, there, next } = await openTwo({
        tabs: { storage: 'cookie', locks: null },
      })
      const { reached, release, disturbance } = hold(LOGOUT)
      network.disturb(async (sent, proceed) => {
        if (sent.operation !== LOGOUT || network.count(LOGOUT) > 1) return proceed()
        await disturbance(sent, () => Promise.resolve(new Response()))
        throw new TypeError('connection lost')
      })
      const out = here.logOut({ everywhere })
      await reached
      await there.logIn(next)
      release()
      await expect(out).rejects.toMatchObject({ code: 'user_changed' })
      expect(network.count(LOGOUT)).toBe(1)
      expect(pauses).toEqual([0])
      const sessions = await sessionRows(next.user.id)
      expect(sessions).toMatchObject([{ revoked_at: null }, { revoked_at: null }])
      advanceSeconds(900)
      expect(await here.me()).toMatchObject({ email: next.email })
    },
  )
})

describe('a logout that waits for a login', () => {
  test.each([
    ['of the same user ends that session too', true],
    ['of another one leaves them theirs', false],
  ])('%s', async (_name, isSame) => {
    const { network, here, there, person, next } = await openTwo()
    const events = eventsOf(here)
    const { reached, release, disturbance } = hold('POST /auth/login')
    network.disturb(disturbance)
    const who = isSame ? person : next
    const login = there.logIn(who)
    await reached
    const out = here.logOut()
    await vi.waitFor(() => expect(events).toEqual(['signedOut']))
    release()
    await login
    if (isSame) await out
    else await expect(out).rejects.toMatchObject({ code: 'user_changed' })
    expect(network.cookies.has(COOKIE)).toBe(!isSame)
    const known = isSame ? null : who.user.id
    expect((await here.user())?.id ?? null).toBe(known)
    expect((await there.user())?.id ?? null).toBe(known)
    const live = (await sessionRows(who.user.id)).filter(({ revoked_at }) => revoked_at === null)
    expect(live).toHaveLength(isSame ? 0 : 2)
  })
})
