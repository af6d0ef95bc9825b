import { describe, expect, test } from 'vitest'
import { createClient, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { answerWith, hold, loseAnswers } from '../platform/network'
import { PASSWORD, sidOf } from '../platform/people'
import { sessionRows } from '../platform/records'
import { createBrowser, eventsOf, signUpIn } from '../platform/tabs'

// New tokens of a session that is shared, or whose answer was lost.

const REFRESH = 'POST /auth/refresh'
const CHANGE = 'POST /auth/change-password'
const NEW = 'completely new phrase 1'
const passwords = { current_password: PASSWORD, new_password: NEW }
const SUPERSEDED = () => Response.json({ code: 'superseded', detail: '' }, { status: 401 })

const storages = ['memory', 'localStorage', 'cookie'] as const

describe.each(storages)('a changed password by %s', (storage) => {
  test('keeps the new tokens, and goes on with them', async () => {
    const { openTab } = createBrowser({ tabs: { storage } })
    const tab = openTab()
    const { user, email } = await signUpIn(tab)
    const before = await tab.accessToken()
    const events = eventsOf(tab)
    await tab.changePassword(passwords)
    expect(await tab.accessToken()).not.toBe(before)
    expect(events).toEqual([`refreshed ${email}`])
    expect(await tab.me()).toMatchObject({ email })
    advanceSeconds(900)
    expect(await tab.me()).toMatchObject({ email })
    expect(await sessionRows(user.id)).toMatchObject([{ revoked_at: null }])
  })

  test('whose answer is lost is asked for again with the same tokens', async () => {
    const { openTab, network } = createBrowser({ tabs: { storage } })
    const tab = openTab()
    const { user, email } = await signUpIn(tab)
    network.disturb(loseAnswers(CHANGE, 2))
    await tab.changePassword(passwords)
    const asked = network.sent.filter(({ operation }) => operation === CHANGE)
    expect(asked).toHaveLength(3)
    expect(new Set(asked.map(({ authorization }) => authorization)).size).toBe(1)
    expect(await tab.me()).toMatchObject({ email })
    advanceSeconds(900)
    expect(await tab.me()).toMatchObject({ email })
    expect(await sessionRows(user.id)).toMatchObject([{ revoked_at: null }])
  })

  test('refused changes nothing here', async () => {
    const { openTab } = createBrowser({ tabs: { storage } })
    const tab = openTab()
    const { email } = await signUpIn(tab)
    const wrong = tab.changePassword({ ...passwords, current_password: 'not the password' })
    await expect(wrong).rejects.toMatchObject({ code: 'wrong_password', status: 403 })
    expect(await tab.me()).toMatchObject({ email })
  })
})

test('a changed password is not stored over a logout', async () => {
  const { openTab, network } = createBrowser()
  const tab = openTab()
  await signUpIn(tab)
  const { reached, release, disturbance } = hold(CHANGE)
  network.disturb(disturbance)
  const changed = tab.changePassword(passwords)
  await reached
  const out = tab.logOut()
  release()
  await Promise.allSettled([changed, out])
  expect(await tab.user()).toBeNull()
})

test('a password is changed by a tab whose clock stands still, after one refresh', async () => {
  const { openTab, network } = createBrowser()
  const tab = openTab({ now: () => 0 })
  const { email } = await signUpIn(tab)
  advanceSeconds(900)
  await tab.changePassword(passwords)
  expect(network.count(REFRESH)).toBe(1)
  expect(await tab.me()).toMatchObject({ email })
})

test('nobody signed in changes no password', async () => {
  const { openTab, network } = createBrowser()
  const refused = openTab().changePassword(passwords)
  await expect(refused).rejects.toMatchObject({ code: 'signed_out' })
  expect(network.sent).toEqual([])
})

describe('a refresh that was superseded', () => {
  async function openDue(storage: (typeof storages)[number] = 'localStorage') {
    const browser = createBrowser({ tabs: { storage, locks: null } })
    const tab = browser.openTab()
    const person = await signUpIn(tab)
    advanceSeconds(900)
    return { ...browser, ...person, tab, events: eventsOf(tab) }
  }

  test('goes on with what another tab has stored', async () => {
    const { tab, network, openTab, events, email } = await openDue()
    const other = openTab()
    let isFirst = true
    network.disturb(async (sent, proceed) => {
      if (sent.operation !== REFRESH || !isFirst) return proceed()
      isFirst = false
      await other.me()
      return SUPERSEDED()
    })
    expect(await tab.me()).toMatchObject({ email })
    expect(network.count(REFRESH)).toBe(2)
    expect(events).not.toContain('signedOut')
  })

  test('is tried once more after a pause, for what is in the cookie by then', async () => {
    const { tab, network, pauses, events, email } = await openDue('cookie')
    let times = 0
    network.disturb((sent, proceed) =>
      sent.operation === REFRESH && times++ === 0 ? Promise.resolve(SUPERSEDED()) : proceed(),
    )
    expect(await tab.me()).toMatchObject({ email })
    expect(network.count(REFRESH)).toBe(2)
    expect(pauses).toEqual([1000])
    expect(events).toEqual([`refreshed ${email}`])
  })

  test('twice signs out', async () => {
    const { tab, network, events } = await openDue()
    network.disturb(answerWith(REFRESH, SUPERSEDED))
    await expect(tab.me()).rejects.toMatchObject({ code: 'signed_out' })
    expect(network.count(REFRESH)).toBe(2)
    expect(events).toEqual(['signedOut'])
    expect(await tab.user()).toBeNull()
  })

  test('by the service itself: the password was changed elsewhere with this session', async () => {
    const { tab, network, stored, user, events } = await openDue()
    const [kept] = [...stored.values()].map((json) => JSON.parse(json))
    const refreshed = sessionOf(
      await createClient().post('/auth/refresh', { body: { refresh_token: kept.refresh_token } }),
    )
    await createClient().post('/auth/change-password', {
      token: refreshed.access_token,
      body: passwords,
    })
    await expect(tab.me()).rejects.toMatchObject({ code: 'signed_out' })
    expect(network.count(REFRESH)).toBe(2)
    expect(events).toEqual(['signedOut'])
    // The session with the new tokens goes on.
    expect(await sessionRows(user.id)).toMatchObject([{ id: sidOf(refreshed), revoked_at: null }])
  })
})

test('a fresh authentication that is asked for signs out', async () => {
  const { openTab, network } = createBrowser()
  const tab = openTab()
  await signUpIn(tab)
  const events = eventsOf(tab)
  advanceSeconds(900)
  const code = 'insufficient_user_authentication'
  network.disturb(answerWith(REFRESH, () => Response.json({ code, detail: '' }, { status: 401 })))
  await expect(tab.me()).rejects.toMatchObject({ code })
  expect(events).toEqual(['signedOut'])
})
