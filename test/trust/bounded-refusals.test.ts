import { describe, expect, test } from 'vitest'
import { signUpWith } from '../platform/administrators'
import { newKey, withKey } from '../platform/api-keys'
import { failAfterCommit } from '../platform/bindings'
import { createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { signUpPerson } from '../platform/people'
import { row, rows } from '../platform/records'

// Whoever is logged in may be refused as often as they like, and writes no audit trail by it.

const DENIED = '403 permission_denied'

const client = createClient()

async function newPerson() {
  const { session, userId } = await signUpPerson(client)
  return { token: session.access_token, userId }
}

async function countsOf(userId: string): Promise<unknown[]> {
  const events = await rows(
    `select subject_personal from audit_events where actor_id = ? and type = 'permission_denied' order by seq`,
    userId,
  )
  return events.map(({ subject_personal }) => JSON.parse(String(subject_personal)).detail.count)
}

const ask = async (token: string, times: number, path = '/admin/users', by = client) => {
  for (let time = 0; time < times; time++)
    expect(refusal(await by.get(path, { token }))).toBe(DENIED)
}

describe('refusals under /admin', () => {
  test('the first, the fifth and every hundredth are recorded', async () => {
    const { token, userId } = await newPerson()
    await ask(token, 4)
    expect(await countsOf(userId)).toEqual(['1'])
    await ask(token, 1)
    expect(await countsOf(userId)).toEqual(['1', '5'])
    await ask(token, 94)
    expect(await countsOf(userId)).toEqual(['1', '5'])
    await ask(token, 102)
    expect(await countsOf(userId)).toEqual(['1', '5', '100', '200'])
  })

  test('many at once are no more than many in a row', async () => {
    const { token, userId } = await newPerson()
    await Promise.all(Array.from({ length: 120 }, () => ask(token, 1)))
    expect(await countsOf(userId)).toEqual(['1', '5', '100'])
  })

  test('an hour after the first they begin anew', async () => {
    const { token, userId } = await newPerson()
    await ask(token, 3)
    advanceSeconds(890)
    await ask(token, 1)
    expect(await countsOf(userId)).toEqual(['1'])
    await rows('update login_attempts set window_ends_at = ?', Date.now())
    await ask(token, 1)
    expect(await countsOf(userId)).toEqual(['1', '1'])
    await rows('update login_attempts set window_ends_at = ?', Date.now() + 1)
    await ask(token, 4)
    expect(await countsOf(userId)).toEqual(['1', '1', '5'])
  })

  test('of another permission, another code or another actor they are counted apart', async () => {
    const [one, other] = [await newPerson(), await newPerson()]
    await ask(one.token, 2)
    await ask(one.token, 2, '/admin/roles')
    await ask(other.token, 1)
    expect(await countsOf(one.userId)).toEqual(['1', '1'])
    expect(await countsOf(other.userId)).toEqual(['1'])
    const helper = await signUpWith('users:read', 'users:write')
    const body = { roles: ['admin'] }
    for (let time = 0; time < 3; time++) {
      const path = `/admin/users/${helper.userId}/roles`
      const answer = await client.put(path, { token: helper.token, body })
      expect(refusal(answer)).toBe('403 exceeds_own_permissions')
    }
    expect(await countsOf(helper.userId)).toEqual(['1'])
  })

  test('the keys of a user are counted with their sessions', async () => {
    const { token, userId } = await newPerson()
    const { key } = await newKey(token)
    await ask(token, 4)
    expect(refusal(await client.get('/admin/users', withKey(key)))).toBe(DENIED)
    expect(await countsOf(userId)).toEqual(['1', '5'])
  })

  test('one whose count ran twice is counted once', async () => {
    const { token, userId } = await newPerson()
    // The question, what has been counted, the count.
    await ask(token, 1, '/admin/users', createClient({ interfere: failAfterCommit('d1', 2) }))
    await ask(token, 3)
    expect(await countsOf(userId)).toEqual(['1'])
    await ask(token, 1, '/admin/users', createClient({ interfere: failAfterCommit('d1', 2) }))
    expect(await countsOf(userId)).toEqual(['1', '5'])
  })

  test('who has left since leaves nothing behind', async () => {
    const { token, userId } = await newPerson()
    const by = createClient({
      async interfere(call, proceed) {
        if (call.store === 'd1' && call.index === 2) {
          await rows('delete from users where id = ?', userId)
        }
        return proceed()
      },
    })
    await ask(token, 1, '/admin/users', by)
    expect(await countsOf(userId)).toEqual([])
  })

  test('what they are counted by names nobody', async () => {
    const { token, userId } = await newPerson()
    const known = await rows('select key from login_attempts')
    await ask(token, 1)
    const added = await row(
      'select * from login_attempts where key not in (select value from json_each(?))',
      JSON.stringify(known.map(({ key }) => key)),
    )
    expect(JSON.stringify(added)).not.toContain(userId)
    expect(added['key']).toMatch(/^[\w-]{43}$/)
  })
})

describe('what any user can have recorded passes the gate of credentials', () => {
  const gate = () => {
    let passed = 0
    return { limit: async () => ({ success: ++passed <= 10 }) }
  }
  const open = { limit: async () => ({ success: true }) }
  const limited = () =>
    createClient({
      vars: {
        RATE_LIMIT: 'on',
        RATE_LIMIT_CREDENTIALS: gate(),
        RATE_LIMIT_ALL: open,
        RATE_LIMIT_API_KEY: open,
      },
    })

  test.each([
    ['PATCH', '/auth/me', (time: number) => ({ name: `n${time}` }), 'user_renamed'],
    ['DELETE', '/auth/sessions', () => ({}), 'other_sessions_ended'],
    ['POST', '/auth/api-keys', () => ({ name: 'x' }), 'api_key_created'],
  ] as const)('%s %s', async (method, path, bodyOf, type) => {
    const { token, userId } = await newPerson()
    const by = limited()
    const statuses: number[] = []
    for (let time = 0; time < 15; time++) {
      statuses.push((await by.send(method, path, { token, body: bodyOf(time) })).status)
    }
    expect(statuses.slice(0, 10)).not.toContain(429)
    expect(statuses.slice(10)).toEqual(Array(5).fill(429))
    const recorded = await rows(
      'select id from audit_events where actor_id = ? and type = ?',
      userId,
      type,
    )
    expect(recorded).toHaveLength(10)
  })

  test.each(['/account/name', '/account/sessions/others', '/account/api-keys'])(
    'the form %s',
    async (path) => {
      const by = limited()
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
      const statuses: number[] = []
      for (let time = 0; time < 11; time++) {
        statuses.push((await by.post(path, { rawBody: 'a=b', headers })).status)
      }
      expect(statuses.slice(0, 10)).not.toContain(429)
      expect(statuses.at(-1)).toBe(429)
    },
  )
})
