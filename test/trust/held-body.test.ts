import { describe, expect, test } from 'vitest'
import { createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { heldBack } from '../platform/held-body'
import { ORIGIN } from '../platform/page-browser'
import { newEmail, PASSWORD, reasonOf, refresh, signUpPerson } from '../platform/people'
import { eventTypes, rows, sessionRows } from '../platform/records'

// Time is what the clock says once the body is there: who sends headers early and the body late has come late.

const owner = createClient({ ip: '198.51.100.5', userAgent: 'Firefox/150' })
const thief = createClient({ ip: '203.0.113.9', userAgent: 'Firefox/150' })

const JSON_TYPE = { 'Content-Type': 'application/json' }
const inTurn = () => new Promise((resolve) => setTimeout(resolve, 20))

describe.each([
  ['in chunks', false],
  ['of a length that was said', true],
])('a body that is held back, %s', (_name, isLengthSaid) => {
  function hold(method: string, path: string, sent: object, token?: string, by = thief) {
    const { body, release, length } = heldBack(sent)
    const headers = { ...JSON_TYPE, ...(isLengthSaid && { 'Content-Length': length }) }
    const answer = by.send(method, path, { rawBody: body, headers, ...(token && { token }) })
    return {
      finish: () => {
        release()
        return answer
      },
    }
  }

  test.each([11, 40, 200])('makes no reuse honest: %i s after the rotation', async (seconds) => {
    const { session, userId } = await signUpPerson(owner)
    const held = hold('POST', '/auth/refresh', { refresh_token: session.refresh_token })
    await inTurn()
    advanceSeconds(2)
    const next = sessionOf(await refresh(owner, session.refresh_token))
    advanceSeconds(seconds)
    expect(refusal(await held.finish())).toBe('401 invalid_refresh_token')
    expect(await sessionRows(userId)).toMatchObject([{ revoked_reason: 'reuse' }])
    expect(await eventTypes(userId)).toContain('refresh_token_reused')
    expect(await reasonOf(next.refresh_token, owner)).toContain('session_ended')
  })

  test('is answered as if it had been sent when it was complete', async () => {
    const { session } = await signUpPerson(owner)
    const held = hold('POST', '/auth/refresh', { refresh_token: session.refresh_token })
    await inTurn()
    advanceSeconds(60)
    const next = sessionOf(await refresh(owner, session.refresh_token))
    advanceSeconds(3)
    expect(sessionOf(await held.finish()).refresh_token).toBe(next.refresh_token)
  })

  test('does not keep an access token alive', async () => {
    const { session } = await signUpPerson(owner)
    const held = hold('PATCH', '/auth/me', { name: 'Late' }, session.access_token, owner)
    await inTurn()
    advanceSeconds(session.expires_in)
    expect(refusal(await held.finish())).toBe('401 invalid_token')
    expect(await rows('select name from users where id = ?', session.user.id)).toEqual([
      { name: null },
    ])
  })
})

test('a body that is not there after five seconds is not waited for, by routes and pages', async () => {
  const { session, userId } = await signUpPerson(owner)
  const before = await sessionRows(userId)
  const never = () => heldBack({ refresh_token: session.refresh_token }).body
  const form = {
    'Content-Type': 'application/x-www-form-urlencoded',
    Origin: ORIGIN,
    'Sec-Fetch-Site': 'same-origin',
  }
  const [route, measured, page] = await Promise.all([
    thief.post('/auth/refresh', { rawBody: never(), headers: JSON_TYPE }),
    thief.post('/auth/refresh', {
      rawBody: never(),
      headers: { ...JSON_TYPE, 'Content-Length': '400' },
    }),
    thief.post('/login', { rawBody: never(), headers: form }),
  ])
  expect(refusal(route)).toBe('408 request_timeout')
  expect(refusal(measured)).toBe('408 request_timeout')
  expect(page.status).toBe(408)
  expect(String(page.body)).toContain('five seconds')
  expect(await sessionRows(userId)).toEqual(before)
  expect((await refresh(owner, session.refresh_token)).status).toBe(200)
})

test('a client over its rate is told so before any body is waited for', async () => {
  const RATE_LIMIT_CREDENTIALS = { limit: async () => ({ success: false }) }
  const limited = createClient({ vars: { RATE_LIMIT: 'on', RATE_LIMIT_CREDENTIALS } })
  const { body } = heldBack({ email: newEmail(), password: PASSWORD })
  const answer = await limited.post('/auth/login', { rawBody: body, headers: JSON_TYPE })
  expect(refusal(answer)).toBe('429 rate_limited')
})
