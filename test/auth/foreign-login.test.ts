import { describe, expect, test } from 'vitest'
import { createClient, refusal, sessionOf } from '../platform/client'
import { FOREIGN_HASHES } from '../platform/foreign-hashes'
import { loggedEvents } from '../platform/logs'
import { PASSWORD, signUpPerson } from '../platform/people'
import { eventTypes, row, rows } from '../platform/records'

// Users whose password hash another system made.

const client = createClient()
const BCRYPT = FOREIGN_HASHES['bcrypt $2b$']

async function newcomer(hash: string) {
  const person = await signUpPerson(client)
  await rows('update users set password_hash = ? where id = ?', hash, person.userId)
  return person
}

const logIn = (email: string, password = PASSWORD) =>
  client.post('/auth/login', { body: { email, password } })

async function storedHash(userId: string) {
  return String(
    (await row('select password_hash from users where id = ?', userId))['password_hash'],
  )
}

describe.each(Object.entries(FOREIGN_HASHES))('%s', (_name, hash) => {
  test('a wrong password is refused and changes nothing; the right one makes the hash ours', async () => {
    const { email, userId } = await newcomer(hash)
    expect(refusal(await logIn(email, 'wrong'))).toBe('401 invalid_credentials')
    expect(await storedHash(userId)).toBe(hash)
    sessionOf(await logIn(email))
    expect(await storedHash(userId)).toMatch(/^\$pbkdf2-sha256-chain\$v=1\$i=10000,r=6,k=1\$/)
    const again = await logIn(email)
    expect([again.status, again.cost.derivations]).toEqual([200, 6])
    expect(refusal(await logIn(email, 'wrong'))).toBe('401 invalid_credentials')
  })
})

test('a wrong password costs our own work on top, so that nobody known is answered sooner than a stranger', async () => {
  const stranger = await logIn('nobody@example.com', 'wrong')
  const { email } = await newcomer(BCRYPT)
  expect((await logIn(email, 'wrong')).cost).toEqual(stranger.cost)
  const passlib = await newcomer(FOREIGN_HASHES['PBKDF2 as passlib writes it'])
  const { derivations } = (await logIn(passlib.email, 'wrong')).cost
  expect(derivations).toBe(stranger.cost.derivations + 1)
})

test.each([
  BCRYPT.replace('06', '31'),
  'pbkdf2_sha256$999999999$salt$rRG2GLfo+G6bsBdfLQDfr6oQPX9lHWT1hE4fsiBJ2W0=',
  BCRYPT.slice(0, -1),
])('%s: a failed login at the cost of any other, and an alarm', async (hash) => {
  const { email, userId } = await newcomer(hash)
  const answer = await logIn(email)
  expect(refusal(answer)).toBe('401 invalid_credentials')
  expect(answer.cost.derivations).toBe(6)
  expect(loggedEvents('password_hash_unusable')).toMatchObject([{ user_id: userId }])
  expect(await storedHash(userId)).toBe(hash)
})

test('a burst of first logins: all of them log in', async () => {
  const { email, userId } = await newcomer(BCRYPT)
  const answers = await Promise.all(Array.from({ length: 5 }, () => logIn(email)))
  expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200))
  expect(await eventTypes(userId)).not.toContain('login_failed')
})

describe('where the password of who is signed in is asked for', () => {
  test('change it', async () => {
    const { userId, session } = await newcomer(BCRYPT)
    const change = (current_password: string) =>
      client.post('/auth/change-password', {
        token: session.access_token,
        body: { current_password, new_password: 'another horse, another battery' },
      })
    expect(refusal(await change('wrong'))).toBe('403 wrong_password')
    expect((await change(PASSWORD)).status).toBe(200)
    expect(await storedHash(userId)).toMatch(/^\$pbkdf2-sha256-chain\$/)
  })

  test('delete the account', async () => {
    const { userId, session } = await newcomer(FOREIGN_HASHES['Argon2id'])
    const remove = (password: string) =>
      client.send('DELETE', '/auth/me', { token: session.access_token, body: { password } })
    expect(refusal(await remove('wrong'))).toBe('403 wrong_password')
    expect((await remove(PASSWORD)).status).toBe(200)
    expect(await rows('select id from users where id = ?', userId)).toEqual([])
  })
})
