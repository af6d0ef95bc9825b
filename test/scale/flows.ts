import { signUpHolder } from '../platform/administrators'
import { newKey, withKey } from '../platform/api-keys'
import { type Answer, type Client, createClient } from '../platform/client'
import { lastTokenTo } from '../platform/mails'
import { newEmail, PASSWORD, refresh, signUpPerson } from '../platform/people'

const NEW_PASSWORD = 'another horse, another battery'
const COOKIES = { 'Content-Type': 'application/json', Origin: 'http://127.0.0.1:8787' }

/** Prepares somebody, who then does it a minute or two later. */
export type Flow = (by: Client) => Promise<() => Promise<Answer>>

let networks = 0

/** Somebody at an address of their own. */
export function newcomer(): Client {
  networks++
  return createClient({ ip: `10.${networks >> 8}.${networks & 255}.7` })
}

const logIn = (by: Client, email: string, password = PASSWORD) =>
  by.post('/auth/login', { body: { email, password } })

/** The second time: a use of a session, or of a key, is noted once a minute. For what leaves the job nothing to do. */
async function again(act: () => Promise<Answer>): Promise<Answer> {
  await act()
  return act()
}

export const FLOWS: Readonly<Record<string, Flow>> = {
  signup: async (by) => () =>
    by.post('/auth/signup', { body: { email: newEmail(), password: PASSWORD } }),

  login: async (by) => {
    const { email } = await signUpPerson(by)
    return () => logIn(by, email)
  },

  'login, again that day': async (by) => {
    const { email } = await signUpPerson(by)
    await logIn(by, email)
    return () => logIn(by, email)
  },

  'login, known device': async (by) => {
    const body = { email: newEmail(), password: PASSWORD, transport: 'cookie' }
    const { headers } = await by.post('/auth/signup', { body, headers: COOKIES })
    const cookies = headers.getSetCookie().map((cookie) => cookie.replace(/;.*/, ''))
    const Cookie = cookies.find((cookie) => cookie.startsWith('__Host-device=')) ?? ''
    return () => by.post('/auth/login', { body, headers: { ...COOKIES, Cookie } })
  },

  'login, wrong password': async (by) => {
    const { email } = await signUpPerson(by)
    return () => logIn(by, email, 'not the password')
  },

  refresh: async (by) => {
    const { session } = await signUpPerson(by)
    return () => refresh(by, session.refresh_token)
  },

  'refresh, again in the window': async (by) => {
    const { session } = await signUpPerson(by)
    return () => again(() => refresh(by, session.refresh_token))
  },

  me: async (by) => {
    const { session } = await signUpPerson(by)
    const me = () => by.get('/auth/me', { token: session.access_token })
    return () => again(me)
  },

  'me, first in a minute': async (by) => {
    const { session } = await signUpPerson(by)
    return () => by.get('/auth/me', { token: session.access_token })
  },

  'me, by API key': async (by) => {
    const { session } = await signUpPerson(by)
    const { key } = await newKey(session.access_token, [], { by })
    return () => again(() => by.get('/auth/me', withKey(key)))
  },

  verify: async (by) => {
    const { session } = await signUpPerson(by)
    return () => by.get('/auth/verify', { token: session.access_token })
  },

  logout: async (by) => {
    const { session } = await signUpPerson(by)
    return () => by.post('/auth/logout', { token: session.access_token })
  },

  'change-password': async (by) => {
    const { session } = await signUpPerson(by)
    const body = { current_password: PASSWORD, new_password: NEW_PASSWORD }
    return () => by.post('/auth/change-password', { token: session.access_token, body })
  },

  'forgot-password': async (by) => {
    const { email } = await signUpPerson(by)
    return () => by.post('/auth/forgot-password', { body: { email } })
  },

  'reset-password': async (by) => {
    const { email } = await signUpPerson(by)
    await by.post('/auth/forgot-password', { body: { email } })
    const token = lastTokenTo(email)
    return () => by.post('/auth/reset-password', { body: { token, new_password: NEW_PASSWORD } })
  },

  'a page of 50 users': async (by) => {
    const { token } = await signUpHolder('analyst')
    return () => again(() => by.get('/admin/users', { token }))
  },
}
