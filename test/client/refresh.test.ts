import { describe, expect, test, vi } from 'vitest'
import { createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { answerWith, type Disturbance, loseAnswers } from '../platform/network'
import { sessionRows, setActive } from '../platform/records'
import { createBrowser, eventsOf, signUpIn } from '../platform/tabs'

const REFRESH = 'POST /auth/refresh'
const RENAME = 'PATCH /auth/me'
const ME = 'http://127.0.0.1:8787/auth/me'

/** A tab whose clock stands still: it takes its token for good when the service does not any more. */
async function openUnaware() {
  const browser = createBrowser()
  const tab = browser.openTab({ now: () => 0 })
  const person = await signUpIn(tab)
  return { ...browser, ...person, tab, events: eventsOf(tab) }
}

describe('a request that is refused with 401', () => {
  test('is sent again after one refresh', async () => {
    const { tab, network, email, events } = await openUnaware()
    advanceSeconds(900)
    expect(await tab.me()).toMatchObject({ email })
    expect(network.sent.map(({ operation }) => operation).slice(1)).toEqual([
      'GET /auth/me',
      REFRESH,
      'GET /auth/me',
    ])
    expect(events).toEqual([`refreshed ${email}`])
  })

  test('with its body, as text or as a stream', async () => {
    const { tab, network } = await openUnaware()
    const headers = { 'Content-Type': 'application/json' }
    const text = '{"name":"Ada"}'
    advanceSeconds(900)
    const asText = await tab.fetch(ME, { method: 'PATCH', headers, body: text })
    expect(await asText.json()).toMatchObject({ name: 'Ada' })
    advanceSeconds(900)
    const asStream = await tab.fetch(ME, {
      method: 'PATCH',
      headers,
      body: new Blob([text]).stream(),
    })
    expect(asStream.status).toBe(200)
    advanceSeconds(900)
    const asRequest = await tab.fetch(new Request(ME, { method: 'PATCH', headers, body: text }))
    expect(asRequest.status).toBe(200)
    const bodies = network.sent.filter(({ operation }) => operation === RENAME)
    expect(bodies.map(({ body }) => body)).toEqual(Array(6).fill(text))
  })

  test('but only once', async () => {
    const { tab, network, events } = await openUnaware()
    network.disturb(answerWith('GET /auth/me', () => new Response('', { status: 401 })))
    expect((await tab.fetch(ME)).status).toBe(401)
    expect(network.count('GET /auth/me')).toBe(2)
    expect(network.count(REFRESH)).toBe(1)
    expect(events).not.toContain('signedOut')
  })

  test('many at once by one refresh', async () => {
    const { tab, network } = await openUnaware()
    advanceSeconds(900)
    const answers = await Promise.all(Array.from({ length: 30 }, () => tab.fetch(ME)))
    expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(200))
    expect(network.count(REFRESH)).toBe(1)
  })

  test('stays refused when the session has ended, and signs out', async () => {
    const { tab, network, user, events } = await openUnaware()
    await setActive(user.id, false)
    const answer = await tab.fetch(ME)
    expect(await answer.json()).toMatchObject({ code: 'invalid_token' })
    expect(network.count('GET /auth/me')).toBe(1)
    expect(events).toEqual(['signedOut'])
    expect(await tab.user()).toBeNull()
    await tab.fetch(ME)
    expect(network.sent.at(-1)?.authorization).toBeNull()
    expect(network.count(REFRESH)).toBe(1)
  })

  test('is told from one that could not be refreshed', async () => {
    const { tab, network, events } = await openUnaware()
    advanceSeconds(900)
    network.disturb(answerWith(REFRESH, () => new Response('', { status: 503 })))
    await expect(tab.fetch(ME)).rejects.toMatchObject({ status: 503 })
    expect(events).toEqual([])
  })
})

test('without a session a request goes as it is', async () => {
  const { network, openTab } = createBrowser()
  const answer = await openTab().fetch(ME)
  expect(answer.status).toBe(401)
  expect(network.sent).toMatchObject([{ operation: 'GET /auth/me', authorization: null }])
})

describe('an answer to a refresh that is lost', () => {
  test.each([
    ['once', 1, [0]],
    ['until the last attempt', 4, [0, 1000, 2000, 4000]],
  ])('%s is asked for again with the same token', async (_name, times, pauses) => {
    const { tab, network, user, email, events, ...browser } = await openUnaware()
    advanceSeconds(900)
    network.disturb(loseAnswers(REFRESH, times))
    expect(await tab.me()).toMatchObject({ email })
    expect(browser.pauses).toEqual(pauses)
    const asked = network.sent.filter(({ operation }) => operation === REFRESH)
    expect(asked).toHaveLength(times + 1)
    expect(new Set(asked.map(({ body }) => body)).size).toBe(1)
    expect(events).toEqual([`refreshed ${email}`])

    // What was stored is what the service takes after the window, too.
    advanceSeconds(900)
    expect(await tab.me()).toMatchObject({ email })
    expect(await sessionRows(user.id)).toMatchObject([{ revoked_at: null }])
  })

  test('for so long that three attempts fit into the window is asked for again', async () => {
    const { tab, network, email } = await openUnaware()
    advanceSeconds(900)
    vi.mocked(AbortSignal.timeout).mockReturnValueOnce(AbortSignal.abort())
    expect(await tab.me()).toMatchObject({ email })
    expect(network.count(REFRESH)).toBe(2)
    for (const [limit] of vi.mocked(AbortSignal.timeout).mock.calls) {
      expect(limit).toBeLessThan(10_000 / 2)
    }
  })

  const cutOff: Disturbance = async ({ operation }, proceed) => {
    const response = await proceed()
    if (operation !== REFRESH) return response
    const text = await response.text()
    return new Response(text.slice(0, 100), response)
  }
  const breakOff: Disturbance = async ({ operation }, proceed) => {
    const response = await proceed()
    if (operation !== REFRESH) return response
    const body = new ReadableStream({ pull: (stream) => stream.error(new TypeError('reset')) })
    return new Response(body, response)
  }
  test.each([
    ['cut off', cutOff],
    ['broken off', breakOff],
    ['of something that is down', answerWith(REFRESH, () => new Response('', { status: 502 }))],
    ['of something else', answerWith(REFRESH, () => new Response('<p>Log in!', { status: 401 }))],
  ])('%s signs nobody out', async (_name, disturbance) => {
    const { tab, network, email, events } = await openUnaware()
    advanceSeconds(900)
    let times = 0
    network.disturb((sent, proceed) =>
      sent.operation === REFRESH && times++ < 2 ? disturbance(sent, proceed) : proceed(),
    )
    expect(await tab.me()).toMatchObject({ email })
    expect(network.count(REFRESH)).toBe(3)
    expect(events).toEqual([`refreshed ${email}`])
  })

  test('always is given up by all who wait, and the session kept', async () => {
    const { tab, network, email, events } = await openUnaware()
    advanceSeconds(900)
    network.disturb(({ operation }, proceed) =>
      operation === REFRESH ? Promise.reject(new TypeError('offline')) : proceed(),
    )
    const waiting = await Promise.allSettled([tab.me(), tab.me(), tab.me()])
    for (const one of waiting) expect(one).toMatchObject({ reason: { code: 'no_answer' } })
    expect(network.count(REFRESH)).toBe(5)
    expect(events).toEqual([])
    network.disturb()
    expect(await tab.me()).toMatchObject({ email })
  })
})

test('a refresh that is limited is not repeated at once', async () => {
  const { tab, network, pauses } = await openUnaware()
  advanceSeconds(900)
  const RATE_LIMIT_REFRESH = { limit: async () => ({ success: false }) }
  const limited = createClient({ vars: { RATE_LIMIT: 'on', RATE_LIMIT_REFRESH } })
  network.disturb(async ({ operation, body }, proceed) => {
    if (operation !== REFRESH) return proceed()
    const headers = { 'Content-Type': 'application/json' }
    const answer = await limited.post('/auth/refresh', { rawBody: body, headers })
    return Response.json(answer.body, { status: answer.status, headers: answer.headers })
  })
  await expect(tab.me()).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 60 })
  expect(network.count(REFRESH)).toBe(1)
  expect(pauses).toEqual([])
})
