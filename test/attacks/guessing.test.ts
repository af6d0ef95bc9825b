import { describe, expect, test } from 'vitest'
import { failAfterCommit } from '../platform/bindings'
import { type Answer, createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo } from '../platform/mails'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { rows, setActive } from '../platform/records'

// Each case has networks of its own, as its own users: what is counted is never that of another.

let networks = 0
const newAddress = () => `10.${++networks >> 8}.${networks & 255}.7`
const from = (ip = newAddress(), vars = {}) => createClient({ ip, vars })

const logIn = (by: ReturnType<typeof from>, email: string, password = 'wrong', headers = {}) =>
  by.post('/auth/login', { body: { email, password }, headers })

async function times(count: number, act: (index: number) => Promise<Answer>): Promise<Answer[]> {
  const answers = []
  for (let index = 0; index < count; index++) answers.push(await act(index))
  return answers
}

const statusesOf = (answers: readonly Answer[]) => answers.map(({ status }) => status)
const retryAfter = (answer: Answer) => Number(answer.headers.get('Retry-After'))
const counters = () => rows('select * from login_attempts order by key')

describe('one account from one network', () => {
  test('after five failures it has to pause, with the right password too, at no derivation', async () => {
    const { email } = await signUpPerson(createClient())
    const by = from()
    const failed = await times(5, () => logIn(by, email))
    expect(statusesOf(failed)).toEqual(Array(5).fill(401))
    const refused = await logIn(by, email, PASSWORD)
    expect(refusal(refused)).toBe('429 too_many_attempts')
    expect(retryAfter(refused)).toBe(1)
    expect(refused.cost).toMatchObject({ d1: 1, kvReads: 0, derivations: 0 })
    advanceSeconds(1)
    expect((await logIn(by, email, PASSWORD)).status).toBe(200)
  })

  test('longer each time, up to a quarter of an hour', async () => {
    const by = from()
    const email = newEmail()
    await times(5, () => logIn(by, email))
    const pauses = []
    for (let failure = 5; failure < 18; failure++) {
      const pause = retryAfter(await logIn(by, email))
      pauses.push(pause)
      advanceSeconds(pause - 1)
      expect((await logIn(by, email)).status).toBe(429)
      advanceSeconds(1)
      expect((await logIn(by, email)).status).toBe(401)
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
  })

  test('twenty at once are no more than five in a row', async () => {
    const by = from()
    const { email } = await signUpPerson(createClient())
    const answers = await Promise.all(Array.from({ length: 20 }, () => logIn(by, email)))
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(15)
  })

  test('an unknown email is counted and answered the same, however it is written', async () => {
    const { email } = await signUpPerson(createClient())
    const attack = async (address: string) => {
      const by = from()
      const spellings = [address, address.toUpperCase(), ` ${address}`.trim()]
      return await times(7, (index) => logIn(by, spellings[index % 3] ?? ''))
    }
    const [known, unknown] = [await attack(email), await attack(newEmail())]
    const comparable = ({ status, headers, body, cost }: Answer) => {
      const { 'x-request-id': id, ...rest } = Object.fromEntries(headers)
      return JSON.stringify([status, rest, body, cost]).replaceAll(id ?? '', 'id')
    }
    expect(statusesOf(known)).toEqual([401, 401, 401, 401, 401, 429, 429])
    expect(unknown.map(comparable)).toEqual(known.map(comparable))
  })

  test('what is refused counts nothing, and keeps nobody out for longer', async () => {
    const by = from()
    const email = newEmail()
    await times(5, () => logIn(by, email))
    const before = await counters()
    await times(10, () => logIn(by, email))
    expect(await counters()).toEqual(before)
  })

  test('another network and another account are not touched', async () => {
    const { email } = await signUpPerson(createClient())
    const by = from()
    await times(6, () => logIn(by, email))
    expect((await logIn(from(), email, PASSWORD)).status).toBe(200)
    const other = await signUpPerson(createClient())
    expect((await logIn(by, other.email, PASSWORD)).status).toBe(200)
  })

  test('the right password begins anew; so does the next day', async () => {
    const { email } = await signUpPerson(createClient())
    const by = from()
    await times(4, () => logIn(by, email))
    expect((await logIn(by, email, PASSWORD)).status).toBe(200)
    expect(statusesOf(await times(6, () => logIn(by, email)))).toEqual([...Array(5).fill(401), 429])
    advanceSeconds(86_400)
    expect(statusesOf(await times(6, () => logIn(by, email)))).toEqual([...Array(5).fill(401), 429])
  })

  test('the right password of who may not log in is no guess', async () => {
    const { email, userId } = await signUpPerson(createClient())
    await setActive(userId, false)
    const by = from()
    const answers = await times(7, () => logIn(by, email, PASSWORD))
    expect(answers.map(refusal)).toEqual(Array(7).fill('403 account_disabled'))
  })

  test('a network address as wide as one customer has: an IPv6 /64', async () => {
    const email = newEmail()
    const answers = await times(6, (index) => logIn(from(`2001:db8:7:7::${index + 1}`), email))
    expect(statusesOf(answers)).toEqual([401, 401, 401, 401, 401, 429])
    expect((await logIn(from('2001:db8:7:8::1'), email)).status).toBe(401)
  })

  test('an attempt whose batch ran twice is counted once', async () => {
    const { email } = await signUpPerson(createClient())
    const ip = newAddress()
    const unsure = createClient({ ip, interfere: failAfterCommit('d1', 0) })
    const answers = await times(5, () => logIn(unsure, email))
    expect(statusesOf(answers)).toEqual(Array(5).fill(401))
    expect((await logIn(unsure, email)).status).toBe(429)
  })
})

test('a login whose batch ran twice takes back what it counted once', async () => {
  const { email } = await signUpPerson(createClient())
  const ip = newAddress()
  await rows('delete from login_attempts')
  await times(3, () => logIn(from(ip), newEmail()))
  const unsure = createClient({ ip, interfere: failAfterCommit('d1', 1) })
  expect((await logIn(unsure, email, PASSWORD)).status).toBe(200)
  expect(await rows('select max(failures) as failures from login_attempts')).toEqual([
    { failures: 3 },
  ])
})

describe('what asks a signed-in user for the password counts with it', () => {
  test.each([
    [
      'POST',
      '/auth/change-password',
      { current_password: 'wrong', new_password: 'a new one, long' },
    ],
    ['POST', '/auth/change-email', { password: 'wrong', new_email: 'next@example.com' }],
    ['DELETE', '/auth/me', { password: 'wrong' }],
  ])('%s %s', async (method, path, body) => {
    const by = from()
    const { email, session } = await signUpPerson(by)
    const token = session.access_token
    const answers = await times(6, () => by.send(method, path, { token, body }))
    expect(answers.slice(0, 5).map(refusal)).toEqual(Array(5).fill('403 wrong_password'))
    const refused = answers.at(-1)
    expect(refused && refusal(refused)).toBe('429 too_many_attempts')
    expect(refused?.cost).toMatchObject({ d1: 1, derivations: 0 })
    expect((await logIn(by, email, PASSWORD)).status).toBe(429)
    expect((await logIn(from(), email, PASSWORD)).status).toBe(200)
  })

  test('the right one takes back what it counted', async () => {
    const by = from()
    const { email, session } = await signUpPerson(by)
    const change = (current: string, next: string) =>
      by.post('/auth/change-password', {
        token: session.access_token,
        body: { current_password: current, new_password: next },
      })
    await times(4, () => change('wrong', 'another horse, another battery'))
    expect((await change(PASSWORD, 'another horse, another battery')).status).toBe(200)
    const answers = await times(5, () => logIn(by, email))
    expect(statusesOf(answers)).toEqual(Array(5).fill(401))
  })

  test('a right one with a new one that is too weak is no guess', async () => {
    const by = from()
    const { session } = await signUpPerson(by)
    const answers = await times(7, () =>
      by.post('/auth/change-password', {
        token: session.access_token,
        body: { current_password: PASSWORD, new_password: 'short' },
      }),
    )
    expect(answers.map(refusal)).toEqual(Array(7).fill('400 weak_password'))
  })

  test('an ended session counts nothing', async () => {
    const by = from()
    const { session } = await signUpPerson(by)
    await by.post('/auth/logout', { token: session.access_token })
    const before = await counters()
    const body = { password: 'wrong' }
    const answer = await by.delete('/auth/me', { token: session.access_token, body })
    expect(refusal(answer)).toBe('401 invalid_token')
    expect(await counters()).toEqual(before)
  })
})

test('a reset stays possible, and who has done it may log in', async () => {
  const { email } = await signUpPerson(createClient())
  const by = from()
  await times(6, () => logIn(by, email))
  expect((await by.post('/auth/forgot-password', { body: { email } })).status).toBe(202)
  const next = 'another horse, another battery'
  const body = { token: lastTokenTo(email), new_password: next }
  expect((await by.post('/auth/reset-password', { body })).status).toBe(200)
  sessionOf(await logIn(by, email, next))
})

test('the table names nobody', async () => {
  const email = newEmail()
  const ip = newAddress()
  await logIn(from(ip), email)
  const stored = JSON.stringify(await counters())
  expect(stored).not.toContain(email)
  expect(stored).not.toContain(ip)
  expect(stored).not.toContain(btoa(email).replace(/=+$/, ''))
})

test('the audit trail has the first and the fifth of a window, not each', async () => {
  const { email, userId } = await signUpPerson(createClient())
  const by = from()
  for (let failure = 0; failure < 9; failure++) {
    await logIn(by, email)
    advanceSeconds(900)
  }
  const events = await rows(
    `select json_extract(subject_personal, '$.detail.failures') as failures from audit_events
      where subject_id = ? and type = 'login_failed' order by seq`,
    userId,
  )
  expect(events).toEqual([{ failures: '1' }, { failures: '5' }])
})
