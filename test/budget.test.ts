import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { newKey, withKey } from './platform/api-keys'
import { type Answer, createClient } from './platform/client'
import { advanceSeconds } from './platform/clock'
import { lastTokenTo } from './platform/mails'
import { logInAgain, newEmail, PASSWORD, refresh, signUpPerson } from './platform/people'
import { setActive } from './platform/records'

// What each endpoint may cost before its answer. Across an ocean a D1 round trip is 100 to 200 ms, and
// nothing at the edge can win it back. Work after the answer is not in here.

const client = createClient()

function expectCost(
  answer: Answer,
  status: number,
  [d1, kvReads, kvWrites, derivations]: readonly [number, number, number, number],
): void {
  expect(answer.status).toBe(status)
  const { statements: _, ...cost } = answer.cost
  expect(cost).toEqual({ d1, kvReads, kvWrites, derivations })
}

const logIn = (email: string, password: string, by = client) =>
  by.post('/auth/login', { body: { email, password } })

describe('signup', () => {
  test('new, taken', async () => {
    const body = { email: newEmail(), password: PASSWORD }
    expectCost(await client.post('/auth/signup', { body }), 201, [1, 0, 0, 6])
    expectCost(await client.post('/auth/signup', { body }), 409, [1, 0, 0, 6])
  })

  test('refused input', async () => {
    const body = { email: 'nobody', password: PASSWORD }
    expectCost(await client.post('/auth/signup', { body }), 400, [0, 0, 0, 0])
  })
})

describe('login', () => {
  test('right', async () => {
    const { email } = await signUpPerson(client)
    expectCost(await logIn(email, PASSWORD), 200, [2, 0, 0, 6])
  })

  test('wrong password and unknown email cost the same, down to the statements', async () => {
    const { email } = await signUpPerson(client)
    const wrong = await logIn(email, 'not the password')
    const unknown = await logIn(newEmail(), 'not the password')
    expectCost(wrong, 401, [2, 0, 0, 6])
    expect(unknown.cost).toEqual(wrong.cost)
    expect(unknown.status).toBe(wrong.status)
  })

  test('wrong again: counted, with no row of its own; then refused', async () => {
    const { email } = await signUpPerson(client)
    const wrong = () => logIn(email, 'not the password')
    expectCost(await wrong(), 401, [2, 0, 0, 6])
    for (let again = 2; again < 5; again++) expectCost(await wrong(), 401, [1, 0, 0, 6])
    expectCost(await wrong(), 401, [2, 0, 0, 6])
    expectCost(await logIn(email, PASSWORD), 429, [1, 0, 0, 0])
  })

  test('disabled', async () => {
    const { email, userId } = await signUpPerson(client)
    await setActive(userId, false)
    expectCost(await logIn(email, PASSWORD), 403, [2, 0, 0, 6])
    expectCost(await logIn(email, 'not the password'), 401, [2, 0, 0, 6])
  })

  test('bringing the stored hash up to date', async () => {
    const { email } = await signUpPerson(client)
    const dearer = createClient({ vars: { PASSWORD_ITERATIONS: '11000' } })
    expectCost(await logIn(email, PASSWORD, dearer), 200, [2, 0, 0, 12])
    expectCost(await logIn(email, PASSWORD, dearer), 200, [2, 0, 0, 6])
  })
})

describe('refresh', () => {
  test('rotated, retried, unchanged', async () => {
    const { session } = await signUpPerson(client)
    const rotated = await refresh(client, session.refresh_token)
    expectCost(rotated, 200, [1, 0, 0, 0])
    expectCost(await refresh(client, session.refresh_token), 200, [1, 0, 0, 0])
    const elsewhere = createClient({ ip: '203.0.113.9' })
    expectCost(await refresh(elsewhere, session.refresh_token), 200, [1, 0, 0, 0])
  })

  test('reused, then ended', async () => {
    const { session } = await signUpPerson(client)
    await refresh(client, session.refresh_token)
    advanceSeconds(11)
    expectCost(await refresh(client, session.refresh_token), 401, [1, 0, 1, 0])
    expectCost(await refresh(client, session.refresh_token), 401, [1, 0, 0, 0])
  })

  test('a guess', async () => {
    expectCost(await refresh(client, 'a.guess.only'), 401, [0, 0, 0, 0])
  })
})

describe('passwords', () => {
  const NEW = 'another horse, another battery'

  test('forgot: known, unknown, and mailed a moment ago', async () => {
    const { email } = await signUpPerson(client)
    const forgot = (address: string) =>
      client.post('/auth/forgot-password', { body: { email: address } })
    const known = await forgot(email)
    expectCost(known, 202, [1, 0, 0, 0])
    expect((await forgot(newEmail())).cost).toEqual(known.cost)
    expect((await forgot(email)).cost).toEqual(known.cost)
  })

  test('reset: good, used, made up', async () => {
    const { email } = await signUpPerson(client)
    await client.post('/auth/forgot-password', { body: { email } })
    const body = { token: lastTokenTo(email), new_password: NEW }
    expectCost(await client.post('/auth/reset-password', { body }), 200, [2, 0, 1, 6])
    expectCost(await client.post('/auth/reset-password', { body }), 400, [1, 0, 0, 0])
    const junk = { ...body, token: 'junk' }
    expectCost(await client.post('/auth/reset-password', { body: junk }), 400, [0, 0, 0, 0])
  })

  test('change: right, wrong', async () => {
    const { session } = await signUpPerson(client)
    const change = (current_password: string) =>
      client.post('/auth/change-password', {
        token: session.access_token,
        body: { current_password, new_password: NEW },
      })
    expectCost(await change('not the password'), 403, [2, 0, 0, 6])
    expectCost(await change(PASSWORD), 200, [2, 0, 1, 12])
    // The answer was lost: the new password is verified, and nothing is derived anew (18 where two were sent at once).
    expectCost(await change(PASSWORD), 200, [2, 0, 0, 6])
  })
})

describe('an API key', () => {
  test('known, revoked, made up', async () => {
    const { session } = await signUpPerson(client)
    const token = session.access_token
    const { key, id } = await newKey(token)
    expectCost(await client.get('/auth/me', withKey(key)), 200, [1, 0, 0, 0])
    expectCost(await client.delete(`/auth/api-keys/${id}`, { token }), 200, [1, 0, 0, 0])
    expectCost(await client.get('/auth/me', withKey(key)), 401, [1, 0, 0, 0])
    expectCost(await client.get('/auth/me', withKey(`${key}0`)), 401, [0, 0, 0, 0])
  })
})

describe('the rest', () => {
  test('the key set', async () => {
    expectCost(await client.get('/.well-known/jwks.json'), 200, [0, 0, 0, 0])
  })

  test('me, verify, logout', async () => {
    const { session } = await signUpPerson(client)
    const token = session.access_token
    expectCost(await client.get('/auth/me', { token }), 200, [1, 0, 0, 0])
    expectCost(await client.get('/auth/verify', { token }), 200, [0, 1, 0, 0])
    expectCost(await client.post('/auth/logout', { token }), 200, [1, 0, 1, 0])
    expectCost(await client.post('/auth/logout', { token }), 200, [1, 0, 0, 0])
    expectCost(await client.get('/auth/me', { token }), 401, [1, 0, 0, 0])
    expectCost(await client.get('/auth/verify', { token }), 401, [0, 1, 0, 0])
  })

  test('sessions: listed, one ended, all others ended, everywhere', async () => {
    const person = await signUpPerson(client)
    const { access_token: token } = person.session
    const other = await logInAgain(client, person)
    const path = `/auth/sessions/${decodeJwt(other.access_token)['sid']}`
    expectCost(await client.get('/auth/sessions', { token }), 200, [1, 0, 0, 0])
    expectCost(await client.delete(path, { token }), 200, [1, 0, 1, 0])
    expectCost(await client.delete(path, { token }), 404, [1, 0, 0, 0])
    await logInAgain(client, person)
    expectCost(await client.delete('/auth/sessions', { token }), 200, [1, 0, 1, 0])
    advanceSeconds(1)
    const everywhere = { token, body: { everywhere: true } }
    expectCost(await client.post('/auth/logout', everywhere), 200, [1, 0, 1, 0])
    expectCost(await client.post('/auth/logout', everywhere), 200, [1, 0, 0, 0])
  })

  test('a use that is noted costs nothing before the answer', async () => {
    const { session } = await signUpPerson(client)
    advanceSeconds(60)
    const answer = await client.get('/auth/me', { token: session.access_token })
    expectCost(answer, 200, [1, 0, 0, 0])
  })

  test('without a token nothing is asked of anybody', async () => {
    for (const path of ['/auth/me', '/auth/verify', '/health']) {
      const { cost } = await client.get(path)
      expect(cost, path).toEqual({ d1: 0, kvReads: 0, kvWrites: 0, statements: 0, derivations: 0 })
    }
  })
})
