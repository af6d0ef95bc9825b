import { createHmac } from 'node:crypto'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { signUpHolder } from '../platform/administrators'
import { createClient, runScheduledJob } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedEvents, loggedText } from '../platform/logs'
import { signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

const client = createClient()
const SECRET = Buffer.alloc(32, 7).toString('base64')
const WEBHOOK = {
  WEBHOOK_URL: 'https://listener.example/hooks',
  WEBHOOK_SECRET: `whsec_${SECRET}`,
}

interface Received {
  readonly type: string
  readonly timestamp: string
  readonly data: { user_id: string; user: { email: string; roles: string[] } | null }
}

/** A listener that answers as it is told, and what it was sent. */
function listen(
  answer: (event: Received, call: number) => Response | Error = () => new Response(),
) {
  const requests: Request[] = []
  const events: Received[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
    const request = new Request(String(url), init as RequestInit)
    requests.push(request.clone())
    const event: Received = await request.json()
    events.push(event)
    const answered = answer(event, events.length - 1)
    if (answered instanceof Error) throw answered
    return answered
  })
  return { requests, events }
}

const deliver = (vars: Record<string, unknown> = WEBHOOK) => runScheduledJob(undefined, vars)

beforeEach(async () => {
  await rows('delete from outbox')
})

describe('the webhook', () => {
  test('is told of what happened, signed as Standard Webhooks prescribes, once', async () => {
    const { events, requests } = listen()
    const { userId, email } = await signUpPerson(client)
    await deliver()
    await deliver()
    expect(events).toHaveLength(1)
    const { created_at } = await row('select created_at from users where id = ?', userId)
    expect(events[0]).toEqual({
      type: 'user_created',
      timestamp: new Date(Number(created_at)).toISOString(),
      data: {
        user_id: userId,
        user: {
          id: userId,
          email,
          name: null,
          is_active: true,
          email_verified: false,
          roles: ['user'],
          created_at: new Date(Number(created_at)).toISOString(),
        },
      },
    })
    const [request] = requests
    expect(request?.redirect).toBe('manual')
    expect(request?.headers.get('Content-Type')).toBe('application/json')
    const { id } = await row('select id from audit_events where subject_id = ?', userId)
    expect(request?.url).toBe(WEBHOOK.WEBHOOK_URL)
    expect(request?.headers.get('webhook-id')).toBe(id)
    const timestamp = request?.headers.get('webhook-timestamp')
    expect(timestamp).toBe(String(Math.floor(Date.now() / 1000)))
    const signature = createHmac('sha256', Buffer.from(SECRET, 'base64'))
      .update(`${id}.${timestamp}.${await request?.text()}`)
      .digest('base64')
    expect(request?.headers.get('webhook-signature')).toBe(`v1,${signature}`)
    expect(await rows('select * from outbox')).toEqual([])
  })

  test('the vector of the standard', async () => {
    const { signWebhook } = await import('../../src/crypto/webhook-signature')
    const secret = Uint8Array.fromBase64('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
    const content = 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    expect(await signWebhook([secret], content)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    )
    expect(await signWebhook([new Uint8Array(24), secret], content)).toMatch(
      /^v1,\S+ v1,g0hM9SsE\+OTPJTGt\/tmIKtSyZlE3uFJELVlNIOLJ1OE=$/,
    )
  })

  test('each act of an administrator, in order, with the user as they are by then', async () => {
    const { token } = await signUpHolder('admin')
    const { userId } = await signUpPerson(client)
    await rows('delete from outbox')
    const path = `/admin/users/${userId}`
    await client.patch(path, { token, body: { name: 'New' } })
    await client.put(`${path}/roles`, { token, body: { roles: ['analyst'] } })
    await client.post(`${path}/disable`, { token })
    await client.post(`${path}/enable`, { token })
    await client.delete(`${path}/sessions`, { token })
    await client.post(`${path}/force-password-reset`, { token })
    const { events } = listen()
    await deliver()
    expect(events.map(({ type }) => type)).toEqual([
      'user_renamed',
      'roles_changed',
      'user_disabled',
      'user_enabled',
      'user_sessions_ended',
      'password_reset_forced',
    ])
    expect(events[0]?.data.user?.roles).toEqual(['analyst'])
  })

  test('a user who is gone by then', async () => {
    const { userId } = await signUpPerson(client)
    await rows('delete from users where id = ?', userId)
    const { events } = listen()
    await deliver()
    expect(events[0]?.data).toEqual({ user_id: userId, user: null })
  })
})

describe('an event that is not taken', () => {
  test.each([
    ['500', () => new Response('', { status: 500 })],
    ['404', () => new Response('', { status: 404 })],
    ['a redirect', () => new Response('', { status: 307, headers: { Location: 'https://e.com' } })],
    ['no answer', () => new Error('connection refused')],
  ])('%s: is tried again with growing pauses', async (_name, answer) => {
    const { events } = listen(answer)
    const { userId, email } = await signUpPerson(client)
    for (const minutes of [1, 2, 4, 8]) {
      await deliver()
      const tries = events.length
      advanceSeconds(minutes * 60 - 1)
      await deliver()
      expect(events).toHaveLength(tries)
      advanceSeconds(1)
    }
    expect(events).toHaveLength(4)
    expect(loggedEvents('event_not_delivered')).toHaveLength(4)
    expect(loggedText()).not.toContain(email)
    vi.mocked(fetch).mockImplementation(async () => new Response())
    await deliver()
    expect(await rows('select * from outbox where user_id = ?', userId)).toEqual([])
  })

  test('keeps the later ones of its user waiting, and nobody else', async () => {
    const { token } = await signUpHolder('admin')
    const [one, other] = [await signUpPerson(client), await signUpPerson(client)]
    for (const { userId } of [one, other]) {
      await client.patch(`/admin/users/${userId}`, { token, body: { name: 'New' } })
    }
    const isRefused = { value: true }
    const { events } = listen((event) =>
      isRefused.value && event.data.user_id === one.userId
        ? new Response('', { status: 503 })
        : new Response(),
    )
    const typesOf = (userId: string) =>
      events.filter(({ data }) => data.user_id === userId).map(({ type }) => type)
    await deliver()
    expect(typesOf(other.userId)).toEqual(['user_created', 'user_renamed'])
    expect(typesOf(one.userId)).toEqual(['user_created'])
    isRefused.value = false
    advanceSeconds(60)
    await deliver()
    expect(typesOf(one.userId)).toEqual(['user_created', 'user_created', 'user_renamed'])
  })

  test('is given up after a week, with an alarm', async () => {
    listen(() => new Response('', { status: 500 }))
    await signUpPerson(client)
    await deliver()
    advanceSeconds(7 * 86_400 - 1)
    await deliver()
    expect(await rows('select * from outbox')).toHaveLength(1)
    advanceSeconds(120)
    await deliver()
    expect(await rows('select * from outbox')).toEqual([])
    expect(loggedEvents('events_given_up')).toMatchObject([{ level: 'ERROR', events: 1 }])
  })
})

test('two runs at once deliver each event once', async () => {
  const { events } = listen()
  for (let person = 0; person < 12; person++) await signUpPerson(client)
  await Promise.all([deliver(), deliver()])
  expect(events).toHaveLength(12)
  expect(new Set(events.map(({ data }) => data.user_id)).size).toBe(12)
})

test('what a run has claimed and never settled is claimed again after a quarter of an hour', async () => {
  const { events } = listen()
  await signUpPerson(client)
  await rows('update outbox set attempts = 1, next_attempt_at = ?', Date.now() + 15 * 60 * 1000)
  await deliver()
  expect(events).toEqual([])
  advanceSeconds(15 * 60)
  await deliver()
  expect(events).toHaveLength(1)
})

test('a queue, and a webhook beside it: an event goes when both have it', async () => {
  const { events } = listen((_event, call) => new Response('', { status: call === 0 ? 500 : 200 }))
  const sent: unknown[] = []
  const EVENTS = { send: async (message: unknown) => void sent.push(message) }
  const { userId } = await signUpPerson(client)
  await deliver({ EVENTS })
  expect(sent).toMatchObject([{ type: 'user_created', data: { user_id: userId } }])
  const { id } = await row('select id from audit_events where subject_id = ?', userId)
  expect(sent).toMatchObject([{ id }])

  await signUpPerson(client)
  await deliver({ ...WEBHOOK, EVENTS })
  expect(await rows('select * from outbox')).toHaveLength(1)
  advanceSeconds(60)
  await deliver({ ...WEBHOOK, EVENTS })
  expect([events.length, sent.length]).toEqual([2, 3])
  expect(await rows('select * from outbox')).toEqual([])
})

test('nobody to tell: nothing is kept', async () => {
  const { events } = listen()
  await signUpPerson(client)
  await deliver({})
  expect(events).toEqual([])
  expect(await rows('select * from outbox')).toEqual([])
  expect(loggedEvents('events_given_up')).toEqual([])
})
