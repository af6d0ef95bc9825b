import { describe, expect, test, vi } from 'vitest'
import { commonPasswords } from '../../scripts/password-list'
import { COMMON_PASSWORDS } from '../../src/auth/common-passwords'
import { createClient, refusal } from '../platform/client'
import { loggedEvents, loggedText } from '../platform/logs'
import { newEmail } from '../platform/people'

const client = createClient()

const signUp = (password: string, email = newEmail(), by = client) =>
  by.post('/auth/signup', { body: { email, password } })
const messages = ({ body }: { body: unknown }) =>
  (body as { errors?: { message: string }[] }).errors?.map(({ message }) => message)

describe('what anybody would guess', () => {
  test('the list is that of its source, and all of it can be chosen', () => {
    const listed = COMMON_PASSWORDS.split('\n')
    expect(listed).toEqual(commonPasswords())
    expect(listed.length).toBeGreaterThanOrEqual(3000)
    expect(listed.every((password) => [...password].length >= 8)).toBe(true)
  })

  test('its size', async () => {
    const stream = new Blob([COMMON_PASSWORDS]).stream()
    const zipped = await new Response(stream.pipeThrough(new CompressionStream('gzip'))).bytes()
    expect(zipped.length).toBeLessThan(40 * 1024)
  })

  test.each(['password', 'PassWord', 'iloveyou1', 'qwertyuiop', '1234567890', 'Football'])(
    '%s',
    async (password) => {
      const answer = await signUp(password)
      expect(refusal(answer)).toBe('400 weak_password')
      expect(messages(answer)).toEqual(['is one of the most common passwords: choose another'])
      expect(answer.cost.derivations).toBe(0)
    },
  )

  test('the email, its local part, the name of the service', async () => {
    const email = `somebody-${crypto.randomUUID()}@example.com`
    const local = email.split('@')[0] ?? ''
    for (const password of [email, local, local.toUpperCase()]) {
      expect(messages(await signUp(password, email))).toEqual(['must not be your email'])
    }
    expect(messages(await signUp('GateHouse'))).toEqual(['must not be the name of this service'])
    const acme = createClient({ vars: { SERVICE_NAME: 'Acme Books' } })
    expect(messages(await signUp('acme books', newEmail(), acme))).toEqual([
      'must not be the name of this service',
    ])
  })

  test('what only looks like one is taken', async () => {
    for (const password of ['password of mine', 'iloveyou1\niloveyou2', 'word\npassword']) {
      expect((await signUp(password)).status, password).toBe(201)
    }
  })
})

describe('known from a breach', () => {
  const hibp = createClient({ vars: { PASSWORD_BREACH_CHECK: 'hibp' } })
  const PASSWORD = 'correct horse battery staple'
  // SHA-1: ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42
  const answers = (text: string | Error, status = 200) =>
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
      if (text instanceof Error) throw text
      return new Response(text, { status })
    })

  test('asks by five digits, padded, and says so in words', async () => {
    const fetched = answers('0000:1\r\nAD6438836DBE526AA231ABDE2D0EEF74D42:7\r\n')
    const answer = await signUp(PASSWORD, newEmail(), hibp)
    expect(messages(answer)?.[0]).toContain('breach')
    const [url, init] = fetched.mock.calls[0] ?? []
    expect(url).toBe('https://api.pwnedpasswords.com/range/ABF7A')
    expect(new Headers(init?.headers).get('Add-Padding')).toBe('true')
    expect(init?.signal).toBeInstanceOf(AbortSignal)
  })

  test('not among those, or only padding', async () => {
    answers('AD6438836DBE526AA231ABDE2D0EEF74D42:0\r\nAD6438836DBE526AA231ABDE2D0EEF74D43:9')
    expect((await signUp(PASSWORD, newEmail(), hibp)).status).toBe(201)
  })

  test.each([
    ['no answer', new Error('connection refused'), 200],
    ['an error', '', 503],
  ])('%s: nobody is kept out, and the log says so', async (_name, text, status) => {
    answers(text, status)
    expect((await signUp(PASSWORD, newEmail(), hibp)).status).toBe(201)
    expect(loggedEvents('breach_check_failed')).toMatchObject([{ level: 'WARNING' }])
    expect(loggedText()).not.toContain('horse')
  })

  test('is asked only where it is configured, and not for what is weak anyway', async () => {
    const fetched = answers('')
    await signUp(PASSWORD)
    await signUp('password', newEmail(), hibp)
    expect(fetched).not.toHaveBeenCalled()
  })
})
