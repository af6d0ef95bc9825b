import { expect, test } from 'vitest'
import { createClient, refusal } from '../platform/client'
import { loggedText } from '../platform/logs'
import { signUpPerson } from '../platform/people'
import { sessionRows } from '../platform/records'
import { CORPUS, partsOf, untouched } from './token-corpus'

const client = createClient()

async function person() {
  const { session, userId } = await signUpPerson(client)
  const { access_token: accessToken, refresh_token: refreshToken } = session
  return { userId, parts: await partsOf({ accessToken, refreshToken }) }
}

test('what the corpus is made of is taken', async () => {
  const { parts } = await person()
  const token = await untouched(parts)
  expect((await client.get('/auth/me', { token })).status).toBe(200)
})

test.each(Object.entries(CORPUS))('%s', async (_name, make) => {
  const { parts, userId } = await person()
  const token = await make(parts)
  for (const [method, path] of [
    ['GET', '/auth/me'],
    ['GET', '/auth/verify'],
    ['DELETE', '/auth/sessions'],
    ['GET', '/admin/users'],
  ] as const) {
    const answer = await client.send(method, path, { token })
    expect(refusal(answer), path).toBe('401 invalid_token')
    expect(answer.cost).toMatchObject({ d1: 0, kvReads: 0, kvWrites: 0 })
  }
  if (token !== parts.held.refreshToken) {
    const body = { refresh_token: token }
    const answer = await client.post('/auth/refresh', { body })
    expect(refusal(answer)).toMatch(/^(?:401 invalid_refresh_token|4(?:00|13) \w+)$/)
  }
  expect(await sessionRows(userId)).toMatchObject([{ revoked_at: null }])
  if (token.length > 10) expect(loggedText()).not.toContain(token.slice(0, 200))
})

test('an access token is no refresh token', async () => {
  const { parts } = await person()
  const body = { refresh_token: parts.held.accessToken }
  expect(refusal(await client.post('/auth/refresh', { body }))).toBe('401 invalid_refresh_token')
})

test('its size', () => {
  console.info(`${Object.keys(CORPUS).length} hostile tokens`)
  expect(Object.keys(CORPUS).length).toBeGreaterThan(55)
})
