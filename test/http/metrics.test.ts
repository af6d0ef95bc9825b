import { expect, test } from 'vitest'
import { failAll } from '../platform/bindings'
import { createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedEvents } from '../platform/logs'
import { signUpInBrowser } from '../platform/page-browser'
import { newEmail, PASSWORD, refresh, signUpPerson } from '../platform/people'

function measured() {
  const points: string[] = []
  const METRICS = {
    writeDataPoint: ({ indexes, blobs, doubles }: AnalyticsEngineDataPoint = {}) => {
      expect(indexes).toEqual([blobs?.[0]])
      expect(doubles).toEqual([1])
      points.push((blobs ?? []).join(' ').trim())
    },
  }
  return { points, vars: { METRICS } }
}

test('a data point says what happened, and why it was refused', async () => {
  const { points, vars } = measured()
  const client = createClient({ vars })
  const { email, session } = await signUpPerson(client)
  await client.post('/auth/signup', { body: { email, password: PASSWORD } })
  await client.post('/auth/login', { body: { email, password: PASSWORD } })
  await client.post('/auth/login', { body: { email, password: 'wrong' } })
  await client.post('/auth/login', { body: { email: newEmail(), password: 'wrong' } })
  await client.post('/auth/login', {
    rawBody: '{',
    headers: { 'Content-Type': 'application/json' },
  })
  await client.post('/auth/login', { rawBody: 'x' })
  await refresh(client, session.refresh_token)
  await refresh(client, session.refresh_token)
  await refresh(client, 'garbage')
  advanceSeconds(11)
  await refresh(client, session.refresh_token)
  await refresh(client, session.refresh_token)
  await client.post('/api/auth/logout', { token: session.access_token })
  await client.get('/auth/me', { token: session.access_token })
  await client.get('/auth/login')
  await createClient({ vars, interfere: failAll('d1', 'D1 DB is overloaded') }).post(
    '/auth/signin',
    {
      body: { email, password: PASSWORD },
    },
  )
  expect(points).toEqual([
    'signup succeeded',
    'signup refused email_taken',
    'login succeeded',
    'login refused wrong_password',
    'login refused unknown_email',
    'login refused malformed_json',
    'login refused unsupported_media_type',
    'refresh rotated',
    'refresh retried',
    'refresh refused not_authentic',
    'refresh refused reused',
    'refresh refused session_ended',
    'logout succeeded',
    'login failed 503',
  ])
  expect(points.join(' ')).not.toContain('@')
})

test('a dataset that throws fails no request', async () => {
  const METRICS = {
    writeDataPoint: () => {
      throw new TypeError('too many blobs')
    },
  }
  const { session } = await signUpPerson(createClient({ vars: { METRICS } }))
  expect(session.token_type).toBe('bearer')
  expect(loggedEvents('metrics_failed')).toHaveLength(1)
})

test('without the binding nothing breaks', async () => {
  const { session } = await signUpPerson(createClient({ vars: { METRICS: undefined } }))
  expect(session.token_type).toBe('bearer')
})

test('a form counts as what it does', async () => {
  const { points, vars } = measured()
  const { browser, email } = await signUpInBrowser({ vars })
  await browser.submit('/login', { email, password: PASSWORD })
  await browser.submit('/login', { email, password: 'wrong' })
  await browser.submit('/login', { email, password: PASSWORD }, { Origin: 'https://evil.example' })
  await browser.submit('/logout')
  await browser.get('/login')
  expect(points).toEqual([
    'signup succeeded',
    'login succeeded',
    'login refused wrong_password',
    'login refused origin_not_allowed',
    'logout succeeded',
  ])
})
