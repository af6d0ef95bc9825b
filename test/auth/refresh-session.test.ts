import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { loggedEvents } from '../platform/logs'
import { reasonOf, refresh, signUpPerson } from '../platform/people'
import { eventTypes, marker, row, sessionRows, setActive } from '../platform/records'

const client = createClient()

const DAY = 86_400

describe('one client', () => {
  test('gets a successor, fresh claims and the same session', async () => {
    const { session, userId } = await signUpPerson(client)
    advanceSeconds(60)
    const next = sessionOf(await refresh(client, session.refresh_token))
    expect(next.refresh_token).not.toBe(session.refresh_token)
    expect(next).toMatchObject({
      token_type: 'bearer',
      expires_in: 900,
      refresh_expires_in: 7 * DAY,
    })
    const [before, after] = [decodeJwt(session.access_token), decodeJwt(next.access_token)]
    expect(after).toMatchObject({ sub: userId, sid: before['sid'], auth_time: before['auth_time'] })
    expect(after.jti).not.toBe(before.jti)
    expect((await client.get('/auth/me', { token: next.access_token })).status).toBe(200)
  })

  test('stays logged in over many windows, and its tokens form one chain', async () => {
    const { session, userId } = await signUpPerson(client)
    const tokens = [session.refresh_token]
    for (let i = 0; i < 5; i++) {
      advanceSeconds(600)
      tokens.push(sessionOf(await refresh(client, tokens.at(-1) ?? '')).refresh_token)
    }
    expect(new Set(tokens).size).toBe(6)
    expect(await sessionRows(userId)).toHaveLength(1)
  })

  test('that lost the answer retries and gets the same token', async () => {
    const { session } = await signUpPerson(client)
    const lost = sessionOf(await refresh(client, session.refresh_token))
    advanceSeconds(9)
    const retried = sessionOf(await refresh(client, session.refresh_token))
    expect(retried.refresh_token).toBe(lost.refresh_token)
    expect(loggedEvents('session_refreshed').map(({ outcome }) => outcome)).toEqual([
      'rotated',
      'retried',
    ])
  })

  test('that refreshes again inside the window gets its own token back, nothing written', async () => {
    const { session, userId } = await signUpPerson(client)
    const next = sessionOf(await refresh(client, session.refresh_token))
    const before = await sessionRows(userId)
    advanceSeconds(5)
    const again = sessionOf(await refresh(client, next.refresh_token))
    expect(again.refresh_token).toBe(next.refresh_token)
    expect(await sessionRows(userId)).toEqual(before)
  })

  test('a retry does not slide the window', async () => {
    const { session } = await signUpPerson(client)
    await refresh(client, session.refresh_token)
    advanceSeconds(8)
    expect(await reasonOf(session.refresh_token)).toBe('answered')
    advanceSeconds(2)
    expect(await reasonOf(session.refresh_token)).toBe('401 invalid_refresh_token reused')
  })
})

describe('fifty at once', () => {
  test('with one token all get the same successor, which then goes on alone', async () => {
    const { session, userId } = await signUpPerson(client)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => refresh(client, session.refresh_token)),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    const successors = new Set(answers.map((answer) => sessionOf(answer).refresh_token))
    expect(successors.size).toBe(1)
    const [successor = ''] = successors
    expect(await sessionRows(userId)).toHaveLength(1)

    const itself = sessionOf(await refresh(client, successor)).refresh_token
    expect(itself).toBe(successor)
    advanceSeconds(11)
    const rotated = sessionOf(await refresh(client, successor)).refresh_token
    expect(rotated).not.toBe(successor)
    expect(await reasonOf(session.refresh_token)).toBe('401 invalid_refresh_token reused')
    expect(await reasonOf(rotated)).toBe('401 invalid_refresh_token session_ended')
  })
})

describe('reuse', () => {
  test('ends the session in D1, in KV and in the audit trail, for both sides', async () => {
    const { session, userId } = await signUpPerson(client)
    const next = sessionOf(await refresh(client, session.refresh_token))
    advanceSeconds(11)
    expect(refusal(await refresh(client, session.refresh_token))).toBe('401 invalid_refresh_token')
    expect(await reasonOf(next.refresh_token)).toBe('401 invalid_refresh_token session_ended')
    expect(refusal(await client.get('/auth/me', { token: next.access_token }))).toBe(
      '401 invalid_token',
    )
    const [ended] = await sessionRows(userId)
    expect(ended).toMatchObject({ revoked_reason: 'reuse', revoked_at: Date.now() })
    expect(await marker(`revoked:session:${ended?.['id']}`)).toBe('1')
    expect(await eventTypes(userId)).toEqual(['user_signed_up', 'refresh_token_reused'])
  })

  test('is not called on who lost an answer but changed only their network, or only their agent', async () => {
    for (const changed of [{ ip: '198.51.100.7' }, { userAgent: 'test-agent/2' }]) {
      const { session } = await signUpPerson(client)
      const next = sessionOf(await refresh(client, session.refresh_token))
      const retried = await refresh(createClient(changed), session.refresh_token)
      expect(sessionOf(retried).refresh_token).toBe(next.refresh_token)
    }
  })

  test('is called inside the window when network and agent both differ', async () => {
    const { session } = await signUpPerson(client)
    await refresh(client, session.refresh_token)
    const thief = createClient({ ip: '198.51.100.7', userAgent: 'thief/1' })
    expect(await reasonOf(session.refresh_token, thief)).toBe('401 invalid_refresh_token reused')
  })

  test('two windows back ends the session too', async () => {
    const { session } = await signUpPerson(client)
    const second = sessionOf(await refresh(client, session.refresh_token))
    advanceSeconds(11)
    const third = sessionOf(await refresh(client, second.refresh_token))
    expect(await reasonOf(session.refresh_token)).toBe('401 invalid_refresh_token reused')
    expect(await reasonOf(third.refresh_token)).toBe('401 invalid_refresh_token session_ended')
  })

  test('of a token that the session never had, as after a restore of D1, ends it', async () => {
    const { session, userId } = await signUpPerson(client)
    const [{ refresh_token_hash } = {}] = await sessionRows(userId)
    const next = sessionOf(await refresh(client, session.refresh_token))
    await row(
      `update user_sessions set refresh_token_hash = ?, previous_refresh_token_hash = null,
        rotated_at = null where user_id = ? returning id`,
      refresh_token_hash,
      userId,
    )
    expect(await reasonOf(next.refresh_token)).toBe('401 invalid_refresh_token reused')
  })
})

describe('a session that has ended', () => {
  test('by logout', async () => {
    const { session } = await signUpPerson(client)
    await client.post('/auth/logout', { token: session.access_token })
    expect(await reasonOf(session.refresh_token)).toBe('401 invalid_refresh_token session_ended')
  })

  test('by a week without use; used, it goes on', async () => {
    const { session } = await signUpPerson(client)
    advanceSeconds(7 * DAY - 1)
    const next = sessionOf(await refresh(client, session.refresh_token))
    expect(next.refresh_expires_in).toBe(7 * DAY)
    advanceSeconds(7 * DAY)
    expect(await reasonOf(next.refresh_token)).toBe('401 invalid_refresh_token session_ended')
  })

  test('by its absolute end, which no use moves', async () => {
    const { session } = await signUpPerson(client)
    let token = session.refresh_token
    for (let day = 6; day < 30; day += 6) {
      advanceSeconds(6 * DAY)
      token = sessionOf(await refresh(client, token)).refresh_token
    }
    advanceSeconds(6 * DAY - 30)
    const last = sessionOf(await refresh(client, token))
    expect(last).toMatchObject({ expires_in: 30, refresh_expires_in: 30 })
    advanceSeconds(30)
    expect(await reasonOf(last.refresh_token)).toBe('401 invalid_refresh_token not_authentic')
    expect(refusal(await client.get('/auth/me', { token: last.access_token }))).toBe(
      '401 invalid_token',
    )
  })

  test('by its user being disabled', async () => {
    const { session, userId } = await signUpPerson(client)
    await setActive(userId, false)
    expect(await reasonOf(session.refresh_token)).toBe('401 invalid_refresh_token session_ended')
    expect((await sessionRows(userId))[0]).toMatchObject({ revoked_at: null, rotated_at: null })
  })

  test('is not ended again by reuse: nothing is written', async () => {
    const { session, userId } = await signUpPerson(client)
    await refresh(client, session.refresh_token)
    await client.post('/auth/logout', { token: session.access_token })
    const before = await sessionRows(userId)
    advanceSeconds(11)
    expect(await reasonOf(session.refresh_token)).toBe('401 invalid_refresh_token session_ended')
    expect(await sessionRows(userId)).toEqual(before)
  })
})

describe('what is no refresh token', () => {
  test('changes nothing, whatever it is', async () => {
    const { session, userId } = await signUpPerson(client)
    const before = await sessionRows(userId)
    const [header, payload, signature] = session.refresh_token.split('.')
    const guesses = {
      'an access token': session.access_token,
      garbage: 'garbage',
      'a cut token': session.refresh_token.slice(0, -2),
      'a foreign signature': `${header}.${payload}.${signature?.split('').reverse().join('')}`,
      'no signature': `${header}.${payload}.`,
      'another spelling': `${session.refresh_token}=`,
      'white space': `${session.refresh_token}\n`,
    }
    for (const [name, guess] of Object.entries(guesses)) {
      expect(await reasonOf(guess), name).toBe('401 invalid_refresh_token not_authentic')
    }
    expect(await sessionRows(userId)).toEqual(before)
    expect((await refresh(client, session.refresh_token)).status).toBe(200)
  })

  test('is refused when there is none', async () => {
    expect(refusal(await client.post('/auth/refresh', { body: {} }))).toBe('401 missing_token')
    expect(refusal(await client.post('/auth/refresh'))).toBe('401 missing_token')
  })

  test('nor does it count in the Authorization header', async () => {
    const { session } = await signUpPerson(client)
    const answer = await client.post('/auth/refresh', { token: session.refresh_token })
    expect(refusal(answer)).toBe('401 missing_token')
  })

  test('of a session that is gone is refused', async () => {
    const { session, userId } = await signUpPerson(client)
    await row('delete from user_sessions where user_id = ? returning id', userId)
    expect(await reasonOf(session.refresh_token)).toBe('401 invalid_refresh_token unknown_session')
  })
})
