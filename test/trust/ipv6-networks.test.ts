import { describe, expect, test } from 'vitest'
import { gateKeysOf, sourceOf, widerSourcesOf } from '../../src/http/client-address'
import wranglerToml from '../../wrangler.toml?raw'
import { failAfterCommit } from '../platform/bindings'
import { type ClientOptions, createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { rows } from '../platform/records'

// One customer may have a /56 or a /48, which is 256 or 65,536 networks of the size that one customer has at least.

let blocks = 0
/** A /48 of its own; `subnet` is the number of a /64 in it. */
const newBlock = () => {
  const block = `2001:db8:${(++blocks).toString(16)}`
  return (subnet: number) => `${block}:${subnet.toString(16)}::1`
}

const from = (ip: string, options: Omit<ClientOptions, 'ip'> = {}) =>
  createClient({ ip, ...options })
const logIn = (by: ReturnType<typeof from>, email = newEmail(), password = 'Winter2026!') =>
  by.post('/auth/login', { body: { email, password } })

/** A gate with the limits of wrangler.toml and a minute that does not end. */
function newGates() {
  const limits = wranglerToml.matchAll(/name = "(RATE_LIMIT_\w+)".*?limit = (\d+), period = 60/gs)
  const gates = [...limits].map(([, name = '', limit]) => {
    const counts = new Map<string, number>()
    const count = async ({ key }: { key: string }) => {
      counts.set(key, (counts.get(key) ?? 0) + 1)
      return { success: (counts.get(key) ?? 0) <= Number(limit) }
    }
    return [name, { limit: count }]
  })
  return { RATE_LIMIT: 'on', ...Object.fromEntries(gates) }
}

describe('at the gates', () => {
  const flood = async (ips: readonly string[], vars: Record<string, unknown>) => {
    let looked = 0
    for (const ip of ips) {
      const { status } = await from(ip, { vars }).post('/auth/login', { body: {} })
      if (status !== 429) looked++
    }
    return looked
  }
  const numbers = [...Array(200).keys()]

  test('200 logins from 200 networks of one /56: twice what one has', async () => {
    const [ip, vars] = [newBlock(), newGates()]
    expect(await flood(numbers.map(ip), vars)).toBe(60)
    // The next /56 is another customer's, and has as much of the /48 left.
    expect(
      await flood(
        numbers.map((number) => ip(0x100 + number)),
        vars,
      ),
    ).toBe(60)
    expect(await flood([ip(0x200), ip(0x201), ip(0x202), ip(0x203)], vars)).toBe(0)
  })

  test('of 200 networks of one /48, each of another /56: four times', async () => {
    const [ip, vars] = [newBlock(), newGates()]
    expect(
      await flood(
        numbers.map((number) => ip(number << 8)),
        vars,
      ),
    ).toBe(120)
    expect(await flood([newBlock()(0)], vars)).toBe(1)
  })

  test('an IPv4 address has 30 a minute, and none around it', async () => {
    const vars = newGates()
    expect(await flood(Array(40).fill('198.18.0.1'), vars)).toBe(30)
    expect(await flood(Array(40).fill('198.18.0.2'), vars)).toBe(30)
  })

  test('every gate, not that of logins alone', async () => {
    const vars = newGates()
    const passed = async (method: string, path: string, count: number) => {
      const ip = newBlock()
      let passed = 0
      for (let number = 0; number < count; number++) {
        const by = from(ip(number % 256), { vars })
        const body = method === 'GET' ? {} : { body: {} }
        if ((await by.send(method, path, body)).status !== 429) passed++
      }
      return passed
    }
    expect(await passed('POST', '/auth/forgot-password', 20)).toBe(6)
    expect(await passed('POST', '/auth/refresh', 130)).toBe(120)
    expect(await passed('GET', '/auth/me', 620)).toBe(600)
  })

  test('a gate of the three that does not answer lets the others decide', async () => {
    const ip = newBlock()
    const { RATE_LIMIT_CREDENTIALS, ...gates } = newGates() as Record<string, RateLimit>
    const limit: RateLimit['limit'] = async (options) => {
      if (options.key.includes('/48')) throw new Error('away')
      return RATE_LIMIT_CREDENTIALS?.limit(options) ?? { success: true }
    }
    const vars = { ...gates, RATE_LIMIT_CREDENTIALS: { limit } }
    expect(await flood(numbers.slice(0, 80).map(ip), vars)).toBe(60)
  })

  test.each([
    ['2001:db8:1:2345::1', ['2001:db8:1:2300::/56', '2001:db8:1::/48'], ['1', '0']],
    ['2001:db8:1:2::', ['2001:db8:1:0::/56', '2001:db8:1::/48'], ['0', '2']],
    ['2001:db8::1', ['2001:db8:0:0::/56', '2001:db8:0::/48'], ['0', '0']],
    ['192.0.2.1', [], []],
    ['junk', [], []],
    ['ju:nk', [], []],
    ['', [], []],
  ])('around %j: %j', (ip, wider, parts) => {
    const source = sourceOf(new Headers({ 'CF-Connecting-IP': ip }))
    expect(widerSourcesOf(source)).toEqual(wider)
    const keys = wider.map((network, index) => `${network}#${parts[index]}`)
    expect(gateKeysOf(source)).toEqual([source, ...keys])
  })
})

describe('in the database', () => {
  /** The failures of the counters by themselves, the most first. */
  const failures = async () => {
    const counted = await rows('select failures from login_attempts order by failures desc')
    return counted.map((each) => Number(each['failures']))
  }
  const forget = () => rows('delete from login_attempts')
  /** What only one counter has failed, as if it had that often. */
  const setWhere = (before: number, after: number) =>
    rows('update login_attempts set failures = ? where failures = ? returning key', after, before)

  test('a failure counts for the /56 and the /48, a right password for neither', async () => {
    await forget()
    const ip = newBlock()
    const { email } = await signUpPerson(from(ip(1)))
    expect((await logIn(from(ip(1)), email, PASSWORD)).status).toBe(200)
    // The pair, the area, the email, the network.
    expect(await failures()).toEqual([0, 0, 0, 0])
    await logIn(from(ip(2)))
    await logIn(from(ip(0x100)))
    const counted = await failures()
    // 2 of the /48, 1 of each /56, and what each attempt has by itself.
    expect(counted).toEqual([2, 1, 1, ...Array(8).fill(1), 0, 0, 0, 0])
  })

  test('a login writes no more rows than from an IPv4 address', async () => {
    const ip = newBlock()
    const people = [await signUpPerson(from('198.18.1.1')), await signUpPerson(from(ip(1)))]
    const [four, six] = [
      await logIn(from('198.18.1.1'), people[0]?.email, PASSWORD),
      await logIn(from(ip(1)), people[1]?.email, PASSWORD),
    ]
    sessionOf(six)
    expect(six.total.rowsWritten).toBe(four.total.rowsWritten)
    expect(six.cost.d1).toBe(2)
  })

  test('a failure costs two round trips at most, for an email that is known or not', async () => {
    const ip = newBlock()
    const { email } = await signUpPerson(from(ip(1)))
    for (let failure = 0; failure < 4; failure++) {
      const known = await logIn(from(ip(2)), email)
      const unknown = await logIn(from(ip(3)), `${email}.example`)
      expect(known.cost).toEqual(unknown.cost)
      expect(known.cost.d1).toBe(2)
    }
  })

  test.each([
    ['/56', 600, 3],
    ['/48', 1200, 0x300],
  ])('a %s that has failed %d times in an hour has to wait', async (_, limit, next) => {
    await forget()
    const ip = newBlock()
    const { email } = await signUpPerson(from(ip(next)))
    await forget()
    // Twice, from two networks: of one /56, or of two.
    await logIn(from(ip(1)))
    await logIn(from(ip(next - 1)))
    const isOne = limit === 600
    // The wider of the two counters stays where it does not matter.
    const counted = await setWhere(2, limit - 1)
    expect(counted).toHaveLength(isOne ? 2 : 1)
    const hundreds = await logIn(from(ip(next)))
    expect(hundreds.status).toBe(401)
    const refused = await logIn(from(ip(next)), email, PASSWORD)
    expect(refusal(refused)).toBe('429 too_many_attempts')
    expect(refused.headers.get('Retry-After')).toBe('3600')
    expect(refused.cost).toMatchObject({ d1: 1, derivations: 0 })
    // Another /48, and an hour later, the same.
    expect((await logIn(from(newBlock()(1)), email, PASSWORD)).status).toBe(200)
    const events = await rows(
      `select count(*) as count from audit_events
        where json_extract(subject_personal, '$.detail.blocked') = 'wider_network'`,
    )
    expect(events[0]?.['count']).toBeGreaterThan(0)
    advanceSeconds(3600)
    expect((await logIn(from(ip(next)), email, PASSWORD)).status).toBe(200)
  })

  test('a device that is known does not', async () => {
    await forget()
    const ip = newBlock()
    const email = newEmail()
    const headers = { Origin: 'http://127.0.0.1:8787' }
    const body = { email, password: PASSWORD, transport: 'cookie' }
    const signedUp = await from(ip(1)).post('/auth/signup', { body, headers })
    const cookies = signedUp.headers.getSetCookie().map((text) => text.replace(/;.*/, ''))
    const Cookie = cookies.find((text) => text.startsWith('__Host-device=')) ?? ''
    await logIn(from(ip(2)))
    await rows('update login_attempts set failures = 1200')
    expect((await logIn(from(ip(3)), email, PASSWORD)).status).toBe(429)
    const known = await from(ip(3)).post('/auth/login', { body, headers: { ...headers, Cookie } })
    expect(known.status).toBe(200)
    // What it fails counts for the networks all the same.
    await forget()
    const wrong = { ...body, password: 'wrong' }
    await from(ip(3)).post('/auth/login', { body: wrong, headers: { ...headers, Cookie } })
    expect(await failures()).toEqual(Array(6).fill(1))
  })

  test('a batch that ran twice counts once', async () => {
    await forget()
    const ip = newBlock()
    await logIn(from(ip(1), { interfere: failAfterCommit('d1', 1) }))
    expect(await failures()).toEqual(Array(6).fill(1))
  })

  test('what a signed-in user gives wrong counts too, and a reset forgets none of it', async () => {
    await forget()
    const ip = newBlock()
    const { session } = await signUpPerson(from(ip(1)))
    const body = { password: 'wrong' }
    await from(ip(1)).delete('/auth/me', { token: session.access_token, body })
    expect(await failures()).toEqual(Array(6).fill(1))
  })
})
