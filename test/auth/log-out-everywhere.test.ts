import { describe, expect, test } from 'vitest'
import { type Interference, LOST_CONNECTION } from '../platform/bindings'
import { createClient, refusal } from '../platform/client'
import { logInAgain, refresh, signUpPerson } from '../platform/people'
import { eventTypes, setActive } from '../platform/records'

const client = createClient()

describe('logout everywhere', () => {
  const everywhere = { everywhere: true }

  test('ends every session and every token, with one KV write', async () => {
    const person = await signUpPerson(client)
    const other = await logInAgain(client, person)
    const answer = await client.post('/auth/logout', {
      token: person.session.access_token,
      body: everywhere,
    })
    expect(answer.status).toBe(200)
    expect(answer.cost).toMatchObject({ d1: 1, kvReads: 0, kvWrites: 1 })
    for (const session of [person.session, other]) {
      expect((await client.get('/auth/me', { token: session.access_token })).status).toBe(401)
      expect((await client.get('/auth/verify', { token: session.access_token })).status).toBe(401)
      expect((await refresh(client, session.refresh_token)).status).toBe(401)
    }
    expect(await eventTypes(person.userId)).toContain('logged_out_everywhere')
  })

  test('again is 200: there is nothing left to end', async () => {
    const { session, userId } = await signUpPerson(client)
    const sent = { body: { ...everywhere, refresh_token: session.refresh_token } }
    expect((await client.post('/auth/logout', sent)).status).toBe(200)
    expect((await client.post('/auth/logout', sent)).status).toBe(200)
    expect(await eventTypes(userId)).toEqual(['user_signed_up', 'logged_out_everywhere'])
  })

  test('a session that has ended ends no other, and says so', async () => {
    const person = await signUpPerson(client)
    const other = await logInAgain(client, person)
    await client.post('/auth/logout', { token: person.session.access_token })
    const answer = await client.post('/auth/logout', {
      token: person.session.access_token,
      body: everywhere,
    })
    expect(refusal(answer)).toBe('401 invalid_token')
    expect((await client.get('/auth/me', { token: other.access_token })).status).toBe(200)
  })
})

test('logout everywhere that ended all is 200, whoever has logged in since', async () => {
  const person = await signUpPerson(client)
  const unheard: Interference = async (call, proceed) => {
    const result = await proceed()
    if (call.store !== 'd1' || call.index > 0) return result
    await logInAgain(client, person)
    throw new Error(LOST_CONNECTION)
  }
  const { access_token: token } = person.session
  const sent = { token, body: { everywhere: true } }
  expect((await createClient({ interfere: unheard }).post('/auth/logout', sent)).status).toBe(200)
})

test('logout everywhere says so when the user is disabled and nothing was ended', async () => {
  const { session, userId } = await signUpPerson(client)
  await setActive(userId, false)
  const sent = { token: session.access_token, body: { everywhere: true } }
  expect(refusal(await client.post('/auth/logout', sent))).toBe('401 invalid_token')
  expect((await client.post('/auth/logout', { token: session.access_token })).status).toBe(200)
})
