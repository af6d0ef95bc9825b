import type { Client } from './client'
import { sessionOf } from './client'

export const PASSWORD = 'correct horse battery staple'

/** An address that no other test uses. */
export function newEmail(): string {
  return `person-${crypto.randomUUID()}@example.com`
}

/** A person of the test's own, just signed up. */
export async function signUpPerson(client: Client) {
  const email = newEmail()
  const session = sessionOf(
    await client.post('/auth/signup', { body: { email, password: PASSWORD } }),
  )
  return { email, password: PASSWORD, session, userId: session.user.id }
}

export async function refresh(client: Client, refreshToken: string) {
  return client.post('/auth/refresh', { body: { refresh_token: refreshToken } })
}

/** One more session of the same person, as from another device. */
export async function logInAgain(
  client: Client,
  { email, password }: { email: string; password: string },
) {
  return sessionOf(await client.post('/auth/login', { body: { email, password } }))
}
