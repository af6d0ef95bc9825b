import { insertRole, signUpHolder } from '../../platform/administrators'
import { createClient } from '../../platform/client'
import { advanceSeconds } from '../../platform/clock'
import { lastTokenTo } from '../../platform/mails'
import { newEmail, PASSWORD, refresh, sidOf, signUpPerson } from '../../platform/people'
import { rows } from '../../platform/records'

// Everything that changes something: how it is asked for, made anew for every case.

const client = createClient()

export interface Change {
  readonly name: string
  readonly prepare: () => Promise<{ method: string; path: string; token?: string; body?: unknown }>
}

async function aboutPerson() {
  const { token } = await signUpHolder('admin')
  const person = await signUpPerson(client)
  return { token, person, path: `/admin/users/${person.userId}` }
}

export const CHANGES: readonly Change[] = [
  {
    name: 'signup',
    prepare: async () => ({
      method: 'POST',
      path: '/auth/signup',
      body: { email: newEmail(), password: PASSWORD },
    }),
  },
  {
    name: 'login',
    prepare: async () => {
      const { email, password } = await signUpPerson(client)
      return { method: 'POST', path: '/auth/login', body: { email, password } }
    },
  },
  {
    name: 'logout',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      return { method: 'POST', path: '/auth/logout', token: session.access_token }
    },
  },
  {
    name: 'logout everywhere',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      const body = { everywhere: true }
      return { method: 'POST', path: '/auth/logout', token: session.access_token, body }
    },
  },
  {
    name: 'a reuse',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      await refresh(client, session.refresh_token)
      advanceSeconds(11)
      const body = { refresh_token: session.refresh_token }
      return { method: 'POST', path: '/auth/refresh', body }
    },
  },
  {
    name: 'ending a session',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      const path = `/auth/sessions/${sidOf(session)}`
      return { method: 'DELETE', path, token: session.access_token }
    },
  },
  {
    name: 'ending all others',
    prepare: async () => {
      const { session } = await signUpPerson(client)
      return { method: 'DELETE', path: '/auth/sessions', token: session.access_token }
    },
  },
  {
    name: 'creating a user',
    prepare: async () => {
      const { token } = await signUpHolder('admin')
      return { method: 'POST', path: '/admin/users', token, body: { email: newEmail() } }
    },
  },
  ...[
    ['renaming a user', 'PATCH', '', { name: 'New' }],
    ['disabling', 'POST', '/disable'],
    ['ending the sessions of a user', 'DELETE', '/sessions'],
    ['forcing a password reset', 'POST', '/force-password-reset'],
    ['setting roles', 'PUT', '/roles', { roles: ['analyst'] }],
  ].map(([name, method, suffix, body]) => ({
    name: String(name),
    prepare: async () => {
      const { token, path } = await aboutPerson()
      return { method: String(method), path: `${path}${suffix}`, token, body }
    },
  })),
  {
    name: 'enabling',
    prepare: async () => {
      const { token, path, person } = await aboutPerson()
      await rows('update users set is_active = 0 where id = ?', person.userId)
      return { method: 'POST', path: `${path}/enable`, token }
    },
  },
  {
    name: 'stepping down as an admin',
    prepare: async () => {
      await signUpHolder('admin')
      const { token, userId } = await signUpHolder('admin')
      const body = { roles: ['user'] }
      return { method: 'PUT', path: `/admin/users/${userId}/roles`, token, body }
    },
  },
  {
    name: 'creating a role',
    prepare: async () => {
      const { token } = await signUpHolder('admin')
      const body = { name: `r-${crypto.randomUUID()}`, permissions: ['users:read'] }
      return { method: 'POST', path: '/admin/roles', token, body }
    },
  },
  ...[
    ['changing a role', 'PATCH', '', { description: 'New' }],
    ['setting permissions', 'PUT', '/permissions', { permissions: ['roles:read'] }],
    ['deleting a role', 'DELETE', ''],
  ].map(([name, method, suffix, body]) => ({
    name: String(name),
    prepare: async () => {
      const { token } = await signUpHolder('admin')
      const { id } = await insertRole('users:read')
      return { method: String(method), path: `/admin/roles/${id}${suffix}`, token, body }
    },
  })),
  {
    name: 'creating a permission',
    prepare: async () => {
      const { token } = await signUpHolder('admin')
      const body = { name: `p${crypto.randomUUID().replaceAll('-', '')}:read` }
      return { method: 'POST', path: '/admin/permissions', token, body }
    },
  },
  {
    name: 'deleting a permission',
    prepare: async () => {
      const { token } = await signUpHolder('admin')
      const body = { name: `p${crypto.randomUUID().replaceAll('-', '')}:read` }
      const created = await client.post('/admin/permissions', { token, body })
      const { id } = created.body as { id: string }
      return { method: 'DELETE', path: `/admin/permissions/${id}`, token }
    },
  },
]

const NEW_PASSWORD = 'another horse, another battery'

async function mailed(path: string, purpose: 'verify' | 'reset' | 'confirm' | 'undo') {
  const by = createClient({ vars: { EMAIL_VERIFICATION: 'optional' } })
  const person = await signUpPerson(by)
  const { email } = person
  const next = newEmail()
  if (purpose === 'reset') await by.post('/auth/forgot-password', { body: { email } })
  if (purpose === 'confirm' || purpose === 'undo') {
    const body = { password: PASSWORD, new_email: next }
    await by.post('/auth/change-email', { token: person.session.access_token, body })
  }
  if (purpose === 'undo') {
    await client.post('/auth/change-email/confirm', { body: { token: lastTokenTo(next) } })
  }
  const token = lastTokenTo(purpose === 'confirm' ? next : email)
  const body = { token, ...(purpose === 'reset' && { new_password: NEW_PASSWORD }) }
  return { method: 'POST', path, body }
}

/** D1 is asked once before the batch that changes something. */
export const OWN_CHANGES: readonly (Change & { index: number; told: boolean; mails: number })[] = [
  ...(
    [
      ['verifying', '/auth/verify-email', 'verify', true, 0],
      ['resetting', '/auth/reset-password', 'reset', false, 1],
      ['confirming a new email', '/auth/change-email/confirm', 'confirm', true, 1],
      ['undoing it', '/auth/change-email/undo', 'undo', true, 1],
    ] as const
  ).map(([name, path, purpose, told, mails]) => ({
    name,
    index: 1,
    told,
    mails,
    prepare: () => mailed(path, purpose),
  })),
  {
    name: 'forgetting a password',
    index: 0,
    told: false,
    mails: 1,
    prepare: async () => {
      const { email } = await signUpPerson(client)
      return { method: 'POST', path: '/auth/forgot-password', body: { email } }
    },
  },
  {
    name: 'inviting',
    index: 0,
    told: false,
    mails: 1,
    prepare: async () => {
      const { token } = await signUpHolder('admin')
      return { method: 'POST', path: '/admin/invitations', token, body: { email: newEmail() } }
    },
  },
  ...(
    [
      ['changing the password', 'POST', '/auth/change-password', false, 1, 1],
      ['asking for a new email', 'POST', '/auth/change-email', false, 1, 1],
      ['changing one’s name', 'PATCH', '/auth/me', true, 0, 0],
    ] as const
  ).map(([name, method, path, told, mails, index]) => ({
    name,
    index,
    told,
    mails,
    prepare: async () => {
      const { session } = await signUpPerson(client)
      const body = {
        name: 'New',
        password: PASSWORD,
        new_email: newEmail(),
        current_password: PASSWORD,
        new_password: NEW_PASSWORD,
      }
      return { method, path, token: session.access_token, body }
    },
  })),
]

export const leaving = async () => {
  const { session } = await signUpPerson(client)
  const body = { password: PASSWORD }
  return { method: 'DELETE', path: '/auth/me', token: session.access_token, body }
}

export type Call = Awaited<ReturnType<Change['prepare']>>

export const send = ({ method, path, token, body }: Call, by = client) =>
  by.send(method, path, {
    ...(token !== undefined && { token }),
    ...(body !== undefined && { body }),
  })
