import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { failAfterCommit } from '../platform/bindings'
import { createClient, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { reasonOf, refresh, signUpPerson } from '../platform/people'
import { sessionRows } from '../platform/records'

const client = createClient()

describe('clock and secrets', () => {
  test('a clock that steps back keeps the window, and rows never go back in time', async () => {
    const { session, userId } = await signUpPerson(client)
    advanceSeconds(100)
    const next = sessionOf(await refresh(client, session.refresh_token))
    const [before] = await sessionRows(userId)
    advanceSeconds(-9)
    expect(sessionOf(await refresh(client, next.refresh_token)).refresh_token).toBe(
      next.refresh_token,
    )
    expect(sessionOf(await refresh(client, session.refresh_token)).refresh_token).toBe(
      next.refresh_token,
    )
    expect((await sessionRows(userId))[0]).toEqual(before)
  })

  test('a clock far behind makes no window longer: the one before is a reuse then', async () => {
    const { session } = await signUpPerson(client)
    advanceSeconds(100)
    const next = sessionOf(await refresh(client, session.refresh_token))
    advanceSeconds(-10.001)
    expect(await reasonOf(session.refresh_token)).toContain('reused')
    expect(await reasonOf(next.refresh_token)).toContain('session_ended')
  })

  test('a secret moved aside inside the window: retries still converge on one token id', async () => {
    const old = 'old-secret-0123456789-abcdefghijklmnopqrstuvw'
    const fresh = 'new-secret-0123456789-abcdefghijklmnopqrstuvw'
    const before = createClient({ vars: { AUTH_SECRETS: old } })
    const after = createClient({ vars: { AUTH_SECRETS: `${fresh},${old}` } })
    const { session } = await signUpPerson(before)
    const rotated = sessionOf(await refresh(before, session.refresh_token))
    const retried = sessionOf(await refresh(after, session.refresh_token))
    expect(decodeJwt(retried.refresh_token)).toEqual(decodeJwt(rotated.refresh_token))
    advanceSeconds(11)
    expect((await refresh(after, rotated.refresh_token)).status).toBe(200)
    const gone = createClient({ vars: { AUTH_SECRETS: fresh } })
    expect(await reasonOf(session.refresh_token, gone)).toContain('not_authentic')
  })
})

describe('a secret being moved to the front', () => {
  const first = 'first-secret-0123456789-abcdefghijklmnopqrstu'
  const second = 'second-secret-0123456789-abcdefghijklmnopqrst'
  const before = createClient({ vars: { AUTH_SECRETS: `${first},${second}` } })
  const after = createClient({ vars: { AUTH_SECRETS: `${second},${first}` } })

  test('two places may sign one id by different secrets: their tabs still converge', async () => {
    const { session } = await signUpPerson(before)
    const here = sessionOf(await refresh(before, session.refresh_token)).refresh_token
    const there = sessionOf(await refresh(after, session.refresh_token)).refresh_token
    expect(here).not.toBe(there)
    advanceSeconds(11)
    const one = sessionOf(await refresh(before, here)).refresh_token
    const other = sessionOf(await refresh(after, there)).refresh_token
    expect(decodeJwt(one).jti).toBe(decodeJwt(other).jti)
    advanceSeconds(11)
    expect((await refresh(after, one)).status).toBe(200)
  })
})

describe('a request that is overtaken', () => {
  /** Holds a request back, after it has read the clock, until `meanwhile` is done. */
  const overtaken = (meanwhile: () => Promise<unknown>) =>
    createClient({
      interfere: async (call, proceed) => {
        if (call.store === 'd1' && call.index === 0) {
          const arrival = Date.now()
          await meanwhile()
          advanceSeconds((arrival - Date.now()) / 1000)
        }
        return proceed()
      },
    })

  test('it arrived inside the window and is decided after the next rotation: answered', async () => {
    const { session } = await signUpPerson(client)
    const second = sessionOf(await refresh(client, session.refresh_token)).refresh_token
    advanceSeconds(9.5)
    let third = ''
    const slow = overtaken(async () => {
      advanceSeconds(0.6)
      third = sessionOf(await refresh(client, second)).refresh_token
    })
    const answer = await refresh(slow, session.refresh_token)
    expect(sessionOf(answer).refresh_token).toBe(third)
    advanceSeconds(20)
    expect((await refresh(client, third)).status).toBe(200)
  })

  test('but a stranger who says so is a thief', async () => {
    const { session } = await signUpPerson(client)
    const second = sessionOf(await refresh(client, session.refresh_token)).refresh_token
    advanceSeconds(20)
    const third = sessionOf(await refresh(client, second)).refresh_token
    advanceSeconds(-1)
    const stranger = createClient({ ip: '198.51.100.7', userAgent: 'thief/1' })
    expect(await reasonOf(session.refresh_token, stranger)).toContain('reused')
    expect(await reasonOf(third)).toContain('session_ended')
  })

  test('nor does a clock far behind make a replay honest', async () => {
    const { session } = await signUpPerson(client)
    const second = sessionOf(await refresh(client, session.refresh_token)).refresh_token
    advanceSeconds(20)
    const third = sessionOf(await refresh(client, second)).refresh_token
    advanceSeconds(-11)
    expect(await reasonOf(session.refresh_token)).toContain('reused')
    expect(await reasonOf(third)).toContain('session_ended')
  })

  test('nor one that was superseded long before it arrived', async () => {
    const { session } = await signUpPerson(client)
    advanceSeconds(20)
    const second = sessionOf(await refresh(client, session.refresh_token)).refresh_token
    advanceSeconds(20)
    const third = sessionOf(await refresh(client, second)).refresh_token
    // By the clock it arrived before the last rotation, and eleven seconds after its own.
    advanceSeconds(-9)
    expect(await reasonOf(session.refresh_token)).toContain('reused')
    expect(await reasonOf(third)).toContain('session_ended')
  })

  test('and a token three rotations back is a reuse', async () => {
    const { session } = await signUpPerson(client)
    let token = session.refresh_token
    for (let i = 0; i < 3; i++) {
      advanceSeconds(20)
      token = sessionOf(await refresh(client, token)).refresh_token
    }
    advanceSeconds(-1)
    expect(await reasonOf(session.refresh_token)).toContain('reused')
    expect(await reasonOf(token)).toContain('session_ended')
  })
})

describe('when D1 fails', () => {
  test('after the commit, the batch runs again and answers the same token', async () => {
    const { session, userId } = await signUpPerson(client)
    const unlucky = createClient({ interfere: failAfterCommit('d1', 0) })
    const answer = await refresh(unlucky, session.refresh_token)
    expect(answer.cost.d1).toBe(2)
    const retried = sessionOf(await refresh(client, session.refresh_token))
    expect(sessionOf(answer).refresh_token).toBe(retried.refresh_token)
    expect(await sessionRows(userId)).toHaveLength(1)
  })
})
