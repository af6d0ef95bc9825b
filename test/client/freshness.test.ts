import { describe, expect, test } from 'vitest'
import { runtimeSurroundings } from '../../src/client/surroundings'
import { advanceSeconds } from '../platform/clock'
import { answerWith, hold } from '../platform/network'
import { setActive } from '../platform/records'
import { createBrowser, eventsOf, signUpIn } from '../platform/tabs'

// The access token lives for 900 s.
const REFRESH = 'POST /auth/refresh'
const unavailable = (headers = {}) =>
  answerWith(REFRESH, () => new Response('', { status: 503, headers }))

test.each([
  ['lowest', 0, 719, 721],
  ['middle', 0.5, 629, 631],
  ['highest', 0.999, 539, 541],
])('a token is due by the share drawn, the %s', async (_name, chance, early, late) => {
  const { network, openTab } = createBrowser()
  const tab = openTab({ random: () => chance })
  await signUpIn(tab)
  const first = await tab.accessToken()
  advanceSeconds(early)
  expect(await tab.accessToken()).toBe(first)
  advanceSeconds(late - early)
  const second = await tab.accessToken()
  expect(second).not.toBe(first)
  advanceSeconds(early)
  expect(await tab.accessToken()).toBe(second)
  expect(network.count(REFRESH)).toBe(1)
})

test('the share is drawn once for all sessions of a client', async () => {
  const drawn: number[] = []
  const tab = createBrowser().openTab({
    random: () => {
      drawn.push(0)
      return 0
    },
  })
  // A Worker that is starting has no chance to draw from.
  expect(drawn).toHaveLength(0)
  await signUpIn(tab)
  for (let lives = 0; lives < 3; lives++) {
    await tab.me()
    advanceSeconds(800)
  }
  expect(drawn).toHaveLength(1)
})

test('the runtime draws another for each client, from 20 to 40 %', async () => {
  const chances = Array.from({ length: 50 }, () => runtimeSurroundings().random())
  expect(Math.min(...chances)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...chances)).toBeLessThan(1)
  expect(new Set(chances).size).toBeGreaterThan(40)
})

test("the service's clock does not matter, only how long ago it answered", async () => {
  const { network, openTab } = createBrowser()
  let now = 42
  const tab = openTab({ now: () => now })
  await signUpIn(tab)
  const first = await tab.accessToken()
  now += 629_000
  expect(await tab.accessToken()).toBe(first)
  now += 2000
  expect(await tab.accessToken()).not.toBe(first)
  expect(network.count(REFRESH)).toBe(1)
})

test('the age counts from when it was asked for, not from an answer that came late', async () => {
  const { network, openTab } = createBrowser()
  const tab = openTab()
  network.disturb(async (_sent, proceed) => {
    const response = await proceed()
    advanceSeconds(700)
    return response
  })
  await signUpIn(tab)
  network.disturb()
  await tab.me()
  expect(network.count(REFRESH)).toBe(1)
})

test('a clock that was set back makes a token due', async () => {
  const { network, openTab } = createBrowser()
  const tab = openTab()
  await signUpIn(tab)
  advanceSeconds(-60)
  await tab.accessToken()
  expect(network.count(REFRESH)).toBe(1)
})

test('a token that is due but whose session has ended is not used', async () => {
  const { network, openTab } = createBrowser()
  const tab = openTab()
  const { user } = await signUpIn(tab)
  const events = eventsOf(tab)
  advanceSeconds(700)
  await setActive(user.id, false)
  await expect(tab.me()).rejects.toMatchObject({ code: 'invalid_refresh_token' })
  expect(network.count('GET /auth/me')).toBe(0)
  expect(events).toEqual(['signedOut'])
})

describe('while the service is away', () => {
  test('a token that is due but good is used', async () => {
    const { network, openTab } = createBrowser()
    const tab = openTab()
    await signUpIn(tab)
    const events = eventsOf(tab)
    const first = await tab.accessToken()
    advanceSeconds(700)
    network.disturb(unavailable())
    expect(await tab.accessToken()).toBe(first)
    expect(events).toEqual([])
  })

  test('and not refreshed again at once, but a little later, or when the service says', async () => {
    const { network, openTab } = createBrowser()
    const tab = openTab()
    await signUpIn(tab)
    advanceSeconds(640)
    network.disturb(unavailable())
    await tab.accessToken()
    const asked = network.count(REFRESH)
    advanceSeconds(9)
    await tab.accessToken()
    expect(network.count(REFRESH)).toBe(asked)
    advanceSeconds(2)
    network.disturb(unavailable({ 'Retry-After': '60' }))
    await tab.accessToken()
    expect(network.count(REFRESH)).toBe(2 * asked)
    advanceSeconds(59)
    await tab.accessToken()
    expect(network.count(REFRESH)).toBe(2 * asked)
    network.disturb()
    advanceSeconds(2)
    await tab.accessToken()
    expect(network.count(REFRESH)).toBe(2 * asked + 1)
  })

  test('a request waits for its refresh no longer than its patience lasts', async () => {
    const { network, openTab, losePatience } = createBrowser()
    const tab = openTab()
    await signUpIn(tab)
    const first = await tab.accessToken()
    advanceSeconds(700)
    const { reached, release, disturbance } = hold(REFRESH)
    network.disturb(disturbance)
    const token = tab.accessToken()
    await reached
    losePatience()
    expect(await token).toBe(first)
    const later = tab.accessToken()
    release()
    expect(await later).not.toBe(first)
    expect(network.count(REFRESH)).toBe(1)
  })

  test('a token that has expired is not', async () => {
    const { network, openTab } = createBrowser()
    const tab = openTab()
    await signUpIn(tab)
    advanceSeconds(900)
    network.disturb(unavailable())
    await expect(tab.accessToken()).rejects.toMatchObject({ status: 503 })
    network.disturb()
    expect(await tab.accessToken()).toBeTypeOf('string')
  })
})
