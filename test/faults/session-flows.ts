import { SignJWT } from 'jose'
import { signUpHolder } from '../platform/administrators'
import { failAll } from '../platform/bindings'
import { createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo } from '../platform/mails'
import { logInAgain, newEmail, PASSWORD, refresh, sidOf, signUpPerson } from '../platform/people'
import { rows } from '../platform/records'
import type { Call, Flow } from './flow'

// How sessions begin, go on and end.

const client = createClient()
const from = (ip: string) => createClient({ ip })
const LEGACY = {
  AUTH_LEGACY_SECRET: 'the-secret-of-the-old-system-0123456789',
  AUTH_LEGACY_UNTIL: '2027-01-31T00:00:00Z',
}
const post = (path: string, body: unknown): Call => ({ method: 'POST', path, body })

/** What a browser sends along that somebody is logged in to. */
async function inBrowser() {
  const { session } = await signUpPerson(client)
  return {
    Origin: 'https://app.example.com',
    Cookie: `__Host-refresh_token=${session.refresh_token}`,
  }
}

/** Who has signed up can log in. */
function signUp(more: object = {}, email = newEmail()): Call {
  const person = { email, password: PASSWORD }
  const afterwards = () => post('/auth/login', person)
  return { ...post('/auth/signup', { ...person, ...more }), afterwards }
}

const BEGINNINGS: readonly Flow[] = [
  {
    operation: 'signUp',
    // Whether it was they who have signed up cannot be told from the request: they can log in.
    again: '409 email_taken',
    prepare: async () => signUp(),
    records: ['user_signed_up'],
    tells: 'user_created',
  },
  {
    operation: 'signUp',
    name: 'to be verified',
    vars: { EMAIL_VERIFICATION: 'required' },
    again: '409 email_taken',
    prepare: async () => {
      const email = newEmail()
      const afterwards = () => post('/auth/verify-email', { token: lastTokenTo(email) })
      return { ...signUp({}, email), afterwards }
    },
    records: ['user_signed_up'],
    tells: 'user_created',
  },
  {
    operation: 'signUp',
    name: 'with an invitation',
    vars: { SIGNUP: 'invite' },
    again: '403 invitation_required',
    prepare: async () => {
      const { token } = await signUpHolder('admin')
      const email = newEmail()
      await client.post('/admin/invitations', { token, body: { email, roles: ['analyst'] } })
      return signUp({ invitation: lastTokenTo(email) }, email)
    },
    records: ['user_signed_up'],
    tells: 'user_created',
  },
  {
    operation: 'logIn',
    prepare: async () => {
      const { email, password } = await signUpPerson(client)
      return post('/auth/login', { email, password })
    },
    records: ['login_succeeded'],
  },
  {
    operation: 'logIn',
    name: 'from elsewhere, into a cookie, with an old hash and as many sessions as there may be',
    vars: { PASSWORD_ITERATIONS: '11000', FRONTEND_URL: 'https://app.example.com' },
    prepare: async () => {
      const { email, password, userId } = await signUpPerson(createClient({ ip: '203.0.113.9' }))
      await rows(
        `with recursive n(i) as (select 1 union all select i + 1 from n where i < 49)
          insert into user_sessions (id, user_id, refresh_token_hash, issued_at, last_used_at, expires_at)
          select 'added-' || i, ?1, 'x', ?2, ?2, ?2 + 1000000000 from n`,
        userId,
        Date.now() - 1000,
      )
      const headers = { Origin: 'https://app.example.com' }
      return { ...post('/auth/login', { email, password, transport: 'cookie' }), headers }
    },
    records: ['login_succeeded', 'session_limit_reached'],
  },
  {
    operation: 'signUp',
    name: 'in a browser with a session, which ends',
    vars: { FRONTEND_URL: 'https://app.example.com' },
    again: '409 email_taken',
    prepare: async () => ({ ...signUp({ transport: 'cookie' }), headers: await inBrowser() }),
    records: ['user_signed_up', 'logged_out'],
    tells: 'user_created',
  },
  {
    operation: 'logIn',
    name: 'in a browser with a session, which ends',
    vars: { FRONTEND_URL: 'https://app.example.com' },
    prepare: async () => {
      const { email, password } = await signUpPerson(client)
      const call = post('/auth/login', { email, password, transport: 'cookie' })
      return { ...call, headers: await inBrowser() }
    },
    records: ['login_succeeded', 'logged_out'],
  },
  {
    operation: 'logIn',
    name: 'with a wrong password',
    answer: '401 invalid_credentials',
    prepare: async () => {
      const { email } = await signUpPerson(client)
      return post('/auth/login', { email, password: 'not the password' })
    },
    records: ['login_failed'],
    isCounted: true,
  },
  {
    operation: 'logIn',
    name: 'of somebody who is not there',
    answer: '401 invalid_credentials',
    prepare: async () => post('/auth/login', { email: newEmail(), password: PASSWORD }),
    records: ['login_failed'],
    isCounted: true,
  },
]

const REFRESHES: readonly Flow[] = [
  {
    operation: 'refreshSession',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      advanceSeconds(60)
      return post('/auth/refresh', { refresh_token: session.refresh_token })
    },
  },
  {
    operation: 'refreshSession',
    name: 'with the token superseded just now',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      await refresh(client, session.refresh_token)
      return post('/auth/refresh', { refresh_token: session.refresh_token })
    },
  },
  {
    operation: 'refreshSession',
    name: 'with the token that another network has superseded just now',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      await refresh(from('203.0.113.9'), session.refresh_token)
      return post('/auth/refresh', { refresh_token: session.refresh_token })
    },
    records: ['refreshed_from_elsewhere'],
  },
  {
    operation: 'refreshSession',
    name: 'from a fourth network in a day',
    answer: '401 insufficient_user_authentication',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      for (const third of [1, 2, 3, 4]) {
        await refresh(from(`203.0.${third}.9`), session.refresh_token)
      }
      return post('/auth/refresh', { refresh_token: session.refresh_token })
    },
    records: ['fresh_authentication_required'],
  },
  {
    operation: 'refreshSession',
    name: 'with one from before the password was changed',
    answer: '401 superseded',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      const body = { current_password: PASSWORD, new_password: 'another horse, another battery' }
      await client.post('/auth/change-password', { token: session.access_token, body })
      return post('/auth/refresh', { refresh_token: session.refresh_token })
    },
  },
  {
    operation: 'refreshSession',
    name: 'with one superseded long ago',
    answer: '401 invalid_refresh_token',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      await refresh(client, session.refresh_token)
      advanceSeconds(11)
      return post('/auth/refresh', { refresh_token: session.refresh_token })
    },
    records: ['refresh_token_reused'],
  },
]

/** As the person, by an access token. */
async function as(method: string, path: string | ((sid: string) => string), body?: unknown) {
  const person = await signUpPerson(client)
  const other = await logInAgain(client, person)
  const { access_token: token } = person.session
  const call = { method, path: typeof path === 'string' ? path : path(sidOf(other)), token }
  return body === undefined ? call : { ...call, body }
}

const ENDS: readonly Flow[] = [
  { operation: 'logOut', prepare: () => as('POST', '/auth/logout'), records: ['logged_out'] },
  {
    operation: 'logOut',
    name: 'by the refresh token',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      return post('/auth/logout', { refresh_token: session.refresh_token })
    },
    records: ['logged_out'],
  },
  {
    operation: 'logOut',
    name: 'everywhere',
    prepare: () => as('POST', '/auth/logout', { everywhere: true }),
    records: ['logged_out_everywhere'],
  },
  {
    operation: 'logOut',
    name: 'everywhere, by a superseded token, which ends its own session',
    answer: '401 invalid_token',
    prepare: async () => {
      const person = await signUpPerson(client)
      await logInAgain(client, person)
      const { refresh_token } = person.session
      await refresh(client, refresh_token)
      advanceSeconds(11)
      return post('/auth/logout', { refresh_token, everywhere: true })
    },
    records: ['logged_out'],
  },
  {
    operation: 'logOut',
    name: 'of two sessions, whose tokens a browser holds',
    prepare: async () => {
      const { refresh_token } = (await signUpPerson(client)).session
      return { ...(await as('POST', '/auth/logout')), body: { refresh_token } }
    },
    records: ['logged_out', 'logged_out'],
    isInParts: true,
  },
  {
    operation: 'endSession',
    again: '404 session_not_found',
    prepare: () => as('DELETE', (other) => `/auth/sessions/${other}`),
    records: ['session_ended'],
  },
  {
    operation: 'endSession',
    name: 'their own',
    // With the session its token has ended.
    again: '401 invalid_token',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      const path = `/auth/sessions/${sidOf(session)}`
      return { method: 'DELETE', path, token: session.access_token }
    },
    records: ['session_ended'],
  },
  {
    operation: 'endOtherSessions',
    prepare: () => as('DELETE', '/auth/sessions'),
    records: ['other_sessions_ended'],
  },
]

const QUESTIONS: readonly Flow[] = [
  { operation: 'listSessions', prepare: () => as('GET', '/auth/sessions') },
  { operation: 'verifyAccessToken', prepare: () => as('GET', '/auth/verify') },
  {
    operation: 'verifyAccessToken',
    name: 'while KV is away',
    always: failAll('kv'),
    prepare: () => as('GET', '/auth/verify'),
  },
  {
    operation: 'verifyAccessToken',
    name: 'of the replaced system',
    vars: LEGACY,
    prepare: async () => {
      const { userId } = await signUpPerson(client)
      await rows('update users set auth_epoch = 0 where id = ?', userId)
      const token = await new SignJWT({ sub: userId })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setExpirationTime('1h')
        .sign(new TextEncoder().encode(LEGACY.AUTH_LEGACY_SECRET))
      return { method: 'GET', path: '/auth/verify', token }
    },
  },
  { operation: 'getHealth', prepare: async () => ({ method: 'GET', path: '/health' }) },
  {
    operation: 'getReadiness',
    needsKv: true,
    prepare: async () => ({ method: 'GET', path: '/health/ready' }),
  },
]

export const SESSION_FLOWS: readonly Flow[] = [...BEGINNINGS, ...REFRESHES, ...ENDS, ...QUESTIONS]
