import { decodeJwt } from 'jose'
import * as z from 'zod/mini'
import { SessionList } from '../../src/http/session-list-wire'
import { type Client, createClient, refusal, sessionOf } from './client'
import { loggedEvents } from './logs'
import { rows } from './records'

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

/** The same whose address is verified, past the service. */
export async function verifiedPerson(client: Client) {
  const person = await signUpPerson(client)
  await verifyAddress(person)
  return person
}

/** The address is the person's own from now on, past the service. */
export async function verifyAddress({ userId }: { userId: string }): Promise<void> {
  await rows('update users set email_verified_at = ? where id = ?', Date.now(), userId)
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

export function sidOf(session: { access_token: string }): string {
  return String(decodeJwt(session.access_token)['sid'])
}

/** What GET /auth/sessions shows. */
export async function listed(token: string, by = createClient()) {
  const { body } = await by.get('/auth/sessions', { token })
  return z.strictObject(SessionList().shape).parse(body).sessions
}

/** What comes of a refresh token: `answered`, or the refusal and why, as the log has it. */
export async function reasonOf(refreshToken: string, by = createClient()): Promise<string> {
  const answer = await refresh(by, refreshToken)
  if (answer.status === 200) return 'answered'
  return `${refusal(answer)} ${loggedEvents('refused').at(-1)?.['reason']}`
}
