import { describe, expect, test } from 'vitest'
import { createClient, refusal } from '../platform/client'
import { loggedEvents } from '../platform/logs'
import { PASSWORD, signUpPerson } from '../platform/people'
import { row } from '../platform/records'

const SECOND = 'dGhlIHNlY29uZCBwZXBwZXIsIG9mIDMyIGJ5dGVzLi4='
const before = createClient()
const after = createClient({ vars: { PASSWORD_PEPPER_V2: SECOND } })
const onlySecond = createClient({
  vars: { PASSWORD_PEPPER_V1: undefined, PASSWORD_PEPPER_V2: SECOND },
})

const logIn = (email: string, by = after) =>
  by.post('/auth/login', { body: { email, password: PASSWORD } })

async function storedHash(userId: string) {
  return String(
    (await row('select password_hash from users where id = ?', userId))['password_hash'],
  )
}

describe('a second pepper', () => {
  test('takes over at the login, once; then the first is not needed', async () => {
    const { email, userId } = await signUpPerson(before)
    expect(await storedHash(userId)).toContain(',k=1$')
    expect((await logIn(email)).cost.derivations).toBe(12)
    expect(await storedHash(userId)).toContain(',k=2$')
    expect((await logIn(email)).cost.derivations).toBe(6)
    expect((await logIn(email, onlySecond)).status).toBe(200)
  })

  test('is for new passwords at once', async () => {
    const { userId } = await signUpPerson(after)
    expect(await storedHash(userId)).toContain(',k=2$')
  })

  test('a password under the first is still asked for where it is', async () => {
    const { userId, session } = await signUpPerson(before)
    const body = { current_password: PASSWORD, new_password: 'another horse, another battery' }
    const token = session.access_token
    expect((await after.post('/auth/change-password', { token, body })).status).toBe(200)
    expect(await storedHash(userId)).toContain(',k=2$')
  })

  test('a hash whose pepper is gone: a failed login at the same cost, and an alarm', async () => {
    const { email, userId } = await signUpPerson(before)
    const answer = await logIn(email, onlySecond)
    expect(refusal(answer)).toBe('401 invalid_credentials')
    expect(answer.cost.derivations).toBe(6)
    expect(loggedEvents('password_hash_unusable')).toMatchObject([{ user_id: userId }])
  })
})
