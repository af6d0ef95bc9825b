import { describe, expect, test } from 'vitest'
import { newKey, withKey } from '../platform/api-keys'
import { createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { logInAgain, refresh, signUpPerson } from '../platform/people'

// A back end asks /auth/verify about all its users from one address.

let addresses = 0
const newIp = () => `198.18.${++addresses >> 8}.${addresses & 255}`

/** The gate for everything, with a minute that does not end; `keys` is what it was asked for. */
function newGate(limit = 300) {
  const counts = new Map<string, number>()
  const RATE_LIMIT_ALL = {
    limit: async ({ key }: { key: string }) => {
      counts.set(key, (counts.get(key) ?? 0) + 1)
      return { success: (counts.get(key) ?? 0) <= limit }
    },
  }
  const keys = () => [...counts.keys()]
  return { keys, vars: { RATE_LIMIT: 'on', RATE_LIMIT_ALL } }
}

const verify = (by: ReturnType<typeof createClient>, token?: string) =>
  by.get('/auth/verify', token === undefined ? {} : { token })

/** A token of ours in form: the signature is of another. */
const madeUp = (token: string, count = 1) => {
  const [header, payload] = token.split('.')
  return Array.from({ length: count }, (_, index) => {
    const signature = `${String(index).padStart(4, 'A')}${'A'.repeat(82)}`
    return `${header}.${payload}.${signature}`
  })
}

test('a back end may ask about more users than an address may make requests', async () => {
  const { vars } = newGate(3)
  const backEnd = createClient({ ip: newIp(), vars })
  for (let user = 0; user < 8; user++) {
    const { session } = await signUpPerson(createClient())
    const answer = await verify(backEnd, session.access_token)
    expect(answer.status).toBe(200)
    expect(answer.cost).toMatchObject({ d1: 0, kvReads: 1, derivations: 0 })
  }
})

test('about one session 300 times a minute, wherever it is asked, and whatever its token is by then', async () => {
  const { vars, keys } = newGate()
  const person = await signUpPerson(createClient())
  for (let request = 0; request < 299; request++) {
    const by = createClient({ ip: `203.0.113.${request % 7}`, vars })
    expect((await verify(by, person.session.access_token)).status).toBe(200)
  }
  const next = sessionOf(await refresh(createClient(), person.session.refresh_token))
  expect((await verify(createClient({ ip: newIp(), vars }), next.access_token)).status).toBe(200)
  const refused = await verify(createClient({ ip: newIp(), vars }), next.access_token)
  expect(refusal(refused)).toBe('429 rate_limited')
  expect(refused.headers.get('Retry-After')).toBe('60')
  expect(refused.cost).toMatchObject({ d1: 0, kvReads: 0 })
  const other = await logInAgain(createClient(), person)
  expect((await verify(createClient({ vars }), other.access_token)).status).toBe(200)
  // No token and no address.
  expect(keys()).toHaveLength(2)
  for (const key of keys()) expect(key).toMatch(/^session [\w-]{36}$/)
})

describe('what is no token of ours is counted by the network', () => {
  test('tokens that were made up: 300, each another', async () => {
    const { vars, keys } = newGate()
    const ip = newIp()
    const by = createClient({ ip, vars })
    const { session } = await signUpPerson(createClient())
    const answers = []
    for (const token of madeUp(session.access_token, 302)) answers.push(await verify(by, token))
    expect(answers.slice(0, 300).map(({ status }) => status)).toEqual(Array(300).fill(401))
    expect(answers.slice(300).map(refusal)).toEqual(Array(2).fill('429 rate_limited'))
    expect(answers.at(-1)?.cost).toMatchObject({ d1: 0, kvReads: 0 })
    expect(keys()).toEqual([ip])
    // Those of its users go on, though everything else from there is refused.
    expect((await verify(by, session.access_token)).status).toBe(200)
    const me = await by.get('/auth/me', { token: session.access_token })
    expect(refusal(me)).toBe('429 rate_limited')
  })

  test.each([
    ['none', {}],
    ['junk', { token: 'junk' }],
    ['two', { headers: { Authorization: 'Bearer a.b.c, Bearer d.e.f' } }],
    ['another scheme', { headers: { Authorization: 'Basic eDp5' } }],
    ['a key that was made up', { token: 'ghk_x' }],
    ['a key and a token', { token: 'a.b.c', headers: { 'X-API-Key': 'ghk_x' } }],
  ])('%s', async (_name, sent) => {
    const { vars, keys } = newGate(2)
    const ip = newIp()
    const by = createClient({ ip, vars })
    const statuses = []
    for (let request = 0; request < 4; request++) {
      statuses.push((await by.get('/auth/verify', sent)).status)
    }
    expect(keys()).toEqual([ip])
    expect(statuses.slice(0, 2)).not.toContain(429)
    expect(statuses.slice(2)).toEqual([429, 429])
  })

  test('from an IPv6 network, those around it too', async () => {
    const { vars, keys } = newGate()
    await verify(createClient({ ip: '2001:db8:9:101::1', vars }), 'junk')
    expect(keys()).toEqual(['2001:db8:9:101::/64', '2001:db8:9:100::/56#1', '2001:db8:9::/48#2'])
  })
})

test('a token that has only expired is counted by its session: its back end is told so', async () => {
  const { vars, keys } = newGate(3)
  const by = createClient({ ip: newIp(), vars })
  const { session } = await signUpPerson(createClient())
  advanceSeconds(3600)
  const statuses = []
  for (let request = 0; request < 5; request++) {
    statuses.push((await verify(by, session.access_token)).status)
  }
  expect(statuses).toEqual([401, 401, 401, 429, 429])
  expect(keys()).toEqual([expect.stringMatching(/^expired /)])
})

test('an API key passes the gate of its network before D1 is asked', async () => {
  const { vars } = newGate(2)
  const by = createClient({ ip: newIp(), vars })
  const { session } = await signUpPerson(createClient())
  const { key } = await newKey(session.access_token)
  expect((await by.get('/auth/verify', withKey(key))).status).toBe(200)
  expect((await by.get('/auth/verify', { token: key })).status).toBe(200)
  const refused = await by.get('/auth/verify', withKey(key))
  expect(refusal(refused)).toBe('429 rate_limited')
  expect(refused.cost).toMatchObject({ d1: 0 })
})
