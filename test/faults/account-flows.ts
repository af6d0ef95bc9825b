import { createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo } from '../platform/mails'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import type { Call, Flow } from './flow'

// What people do with their own account.

const NEW_PASSWORD = 'another horse, another battery'
const VERIFYING = { EMAIL_VERIFICATION: 'optional' }

const client = createClient()
const post = (path: string, body: unknown): Call => ({ method: 'POST', path, body })
const logIn = (email: string, password = PASSWORD) => post('/auth/login', { email, password })

/** As the person, by an access token. */
async function as(method: string, path: string, body?: unknown): Promise<Call & { email: string }> {
  const { session, email } = await signUpPerson(client)
  return { method, path, email, token: session.access_token, body }
}

const reset = (token: string) => post('/auth/reset-password', { token, new_password: NEW_PASSWORD })

const PASSWORDS: readonly Flow[] = [
  {
    operation: 'forgotPassword',
    prepare: async () => {
      const { email } = await signUpPerson(client)
      const afterwards = () => reset(lastTokenTo(email))
      return { ...post('/auth/forgot-password', { email }), afterwards }
    },
    records: ['password_reset_requested'],
  },
  {
    operation: 'forgotPassword',
    name: 'of somebody who is not there',
    prepare: async () => post('/auth/forgot-password', { email: newEmail() }),
  },
  {
    operation: 'resetPassword',
    // A link works once: the password is the new one.
    again: '400 invalid_link',
    prepare: async () => {
      const { email } = await signUpPerson(client)
      await client.post('/auth/forgot-password', { body: { email } })
      const afterwards = () => logIn(email, NEW_PASSWORD)
      return { ...reset(lastTokenTo(email)), afterwards }
    },
    records: ['password_reset'],
  },
  {
    operation: 'changePassword',
    renews: true,
    prepare: async () => {
      const body = { current_password: PASSWORD, new_password: NEW_PASSWORD }
      const { email, ...call } = await as('POST', '/auth/change-password', body)
      return { ...call, afterwards: () => logIn(email, NEW_PASSWORD) }
    },
    records: ['password_changed'],
  },
  {
    operation: 'changePassword',
    name: 'with a wrong one',
    answer: '403 wrong_password',
    prepare: () =>
      as('POST', '/auth/change-password', {
        current_password: 'not the password',
        new_password: NEW_PASSWORD,
      }),
    records: ['password_check_failed'],
    isCounted: true,
  },
]

async function verifiable() {
  const { email, session } = await signUpPerson(createClient({ vars: VERIFYING }))
  return { email, token: session.access_token }
}

/** Somebody who has asked for another address. */
async function changing() {
  const person = await verifiable()
  const next = newEmail()
  const body = { password: PASSWORD, new_email: next }
  await client.post('/auth/change-email', { token: person.token, body })
  return { ...person, next }
}

const EMAILS: readonly Flow[] = [
  {
    operation: 'verifyEmail',
    again: '400 invalid_link',
    prepare: async () => {
      const { email, token } = await verifiable()
      const afterwards = () => ({ method: 'GET', path: '/auth/me', token })
      return { ...post('/auth/verify-email', { token: lastTokenTo(email) }), token, afterwards }
    },
    records: ['email_verified'],
    tells: 'email_verified',
  },
  {
    operation: 'resendVerification',
    prepare: async () => {
      const { email } = await verifiable()
      advanceSeconds(61)
      const afterwards = () => post('/auth/verify-email', { token: lastTokenTo(email) })
      return { ...post('/auth/verify-email/resend', { email }), afterwards }
    },
    records: ['email_verification_requested'],
  },
  {
    operation: 'changeEmail',
    prepare: async () => {
      const next = newEmail()
      const body = { password: PASSWORD, new_email: next }
      const { email: _, ...call } = await as('POST', '/auth/change-email', body)
      const afterwards = () => post('/auth/change-email/confirm', { token: lastTokenTo(next) })
      return { ...call, afterwards }
    },
    records: ['email_change_requested'],
  },
  {
    operation: 'confirmEmailChange',
    again: '400 invalid_link',
    prepare: async () => {
      const { next } = await changing()
      const call = post('/auth/change-email/confirm', { token: lastTokenTo(next) })
      return { ...call, afterwards: () => logIn(next) }
    },
    records: ['email_changed'],
    tells: 'email_changed',
  },
  {
    operation: 'undoEmailChange',
    again: '400 invalid_link',
    prepare: async () => {
      const { email, next } = await changing()
      await client.post('/auth/verify-email', { body: { token: lastTokenTo(email) } })
      await client.post('/auth/change-email/confirm', { body: { token: lastTokenTo(next) } })
      const call = post('/auth/change-email/undo', { token: lastTokenTo(email) })
      return { ...call, afterwards: () => reset(lastTokenTo(email)) }
    },
    records: ['email_change_undone'],
    tells: 'email_changed',
  },
]

const ACCOUNT: readonly Flow[] = [
  { operation: 'getAccount', prepare: () => as('GET', '/auth/me') },
  {
    operation: 'getAccount',
    name: 'after a minute, which is noted',
    prepare: async () => {
      const call = await as('GET', '/auth/me')
      advanceSeconds(60)
      return call
    },
  },
  {
    operation: 'changeName',
    prepare: () => as('PATCH', '/auth/me', { name: 'New' }),
    records: ['user_renamed'],
    tells: 'user_renamed',
  },
  {
    operation: 'deleteAccount',
    // With the account its tokens are gone.
    again: '401 invalid_token',
    prepare: async () => {
      const { email, ...call } = await as('DELETE', '/auth/me', { password: PASSWORD })
      const afterwards = () => post('/auth/signup', { email, password: PASSWORD })
      return { ...call, afterwards }
    },
    records: ['user_deleted', 'personal_data_erased'],
    tells: 'user_deleted',
  },
  { operation: 'exportAccount', prepare: () => as('GET', '/auth/me/export') },
]

export const ACCOUNT_FLOWS: readonly Flow[] = [...PASSWORDS, ...EMAILS, ...ACCOUNT]
