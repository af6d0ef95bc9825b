import { expect, test } from 'vitest'
import { endAllSessions } from '../../scripts/end-all-sessions'
import { newKey, withKey } from '../platform/api-keys'
import { findings, query, seal } from '../platform/audit'
import { createClient, refusal, sessionOf } from '../platform/client'
import { logInAgain, refresh, signUpPerson } from '../platform/people'
import { rows } from '../platform/records'

const client = createClient()

test('everybody is logged out, and logs in again, keys can be kept; the trail says so and holds', async () => {
  const [one, other] = [await signUpPerson(client), await signUpPerson(client)]
  const { key } = await newKey(one.session.access_token)
  const again = await logInAgain(client, other)
  const open = await rows('select id from user_sessions where revoked_at is null')
  const ended = await endAllSessions(query, { now: Date.now(), keepsApiKeys: true })
  expect(ended).toEqual({ sessions: open.length, apiKeys: 0 })
  for (const { access_token: token, refresh_token } of [one.session, other.session, again]) {
    expect(refusal(await client.get('/auth/me', { token }))).toBe('401 invalid_token')
    expect((await refresh(client, refresh_token)).status).toBe(401)
  }
  expect((await client.get('/auth/me', withKey(key))).status).toBe(200)
  const { email, password } = one
  const next = sessionOf(await client.post('/auth/login', { body: { email, password } }))
  expect((await client.get('/auth/verify', { token: next.access_token })).status).toBe(200)
  await seal()
  expect(await findings()).toEqual([])
  expect(await rows(`select outcome from audit_events where type = 'all_sessions_ended'`)).toEqual([
    { outcome: 'success' },
  ])
})

test('and their keys, unless they are kept; again there is nothing to end', async () => {
  const { session } = await signUpPerson(client)
  const { key } = await newKey(session.access_token)
  const everything = { now: Date.now(), keepsApiKeys: false }
  expect((await endAllSessions(query, everything)).apiKeys).toBeGreaterThan(0)
  expect(refusal(await client.get('/auth/me', withKey(key)))).toBe('401 invalid_api_key')
  expect(await endAllSessions(query, everything)).toEqual({ sessions: 0, apiKeys: 0 })
  const [event] = await rows(
    `select subject_personal from audit_events where type = 'all_sessions_ended' order by seq desc`,
  )
  expect(JSON.parse(String(event?.['subject_personal'])).detail).toEqual({ api_keys: 'ended' })
})
