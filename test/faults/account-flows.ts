import { createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo } from '../platform/mails'
import { logInAgain, newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { type Call, type Flow, send } from './flow'

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
    isSettledLater: true,
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
async function changing({ isVerified = false } = {}) {
  const person = await verifiable()
  const { token } = person
  const link = { token: lastTokenTo(person.email) }
  if (isVerified) await client.post('/auth/verify-email', { token, body: link })
  const next = newEmail()
  const body = { password: PASSWORD, new_email: next }
  await client.post('/auth/change-email', { token: person.token, body })
  return { ...person, next }
}

/** A user whose verified address has changed, and can be brought back. */
async function changed() {
  const { email, next } = await changing({ isVerified: true })
  const body = { token: lastTokenTo(next), password: PASSWORD }
  await client.post('/auth/change-email/confirm', { body })
  return { email, next }
}

/** The same, about to delete the account. */
async function leaving() {
  const { email, next } = await changed()
  const { access_token: token } = await logInAgain(client, { email: next, password: PASSWORD })
  return { method: 'DELETE', path: '/auth/me', token, body: { password: PASSWORD }, email }
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
    operation: 'verifyEmail',
    name: 'with the password',
    again: '400 invalid_link',
    prepare: async () => {
      const { email } = await verifiable()
      const body = { token: lastTokenTo(email), password: PASSWORD }
      return { ...post('/auth/verify-email', body), afterwards: () => logIn(email) }
    },
    records: ['email_verified'],
    tells: 'email_verified',
  },
  {
    operation: 'verifyEmail',
    name: 'with a wrong password',
    answer: '403 wrong_password',
    prepare: async () => {
      const { email } = await verifiable()
      return post('/auth/verify-email', { token: lastTokenTo(email), password: 'not the password' })
    },
    records: ['password_check_failed'],
    isCounted: true,
  },
  {
    operation: 'verifyEmail',
    name: 'with a new password',
    again: '400 invalid_link',
    prepare: async () => {
      const { email } = await verifiable()
      const body = { token: lastTokenTo(email), new_password: NEW_PASSWORD }
      return { ...post('/auth/verify-email', body), afterwards: () => logIn(email, NEW_PASSWORD) }
    },
    records: ['email_verified'],
    tells: 'email_verified',
  },
  {
    operation: 'resendVerification',
    prepare: async () => {
      const { email } = await verifiable()
      advanceSeconds(61)
      const afterwards = () =>
        post('/auth/verify-email', { token: lastTokenTo(email), password: PASSWORD })
      return { ...post('/auth/verify-email/resend', { email }), afterwards }
    },
    records: ['email_verification_requested'],
    isSettledLater: true,
  },
  {
    operation: 'changeEmail',
    prepare: async () => {
      const next = newEmail()
      const body = { password: PASSWORD, new_email: next }
      const { email: _, ...call } = await as('POST', '/auth/change-email', body)
      const afterwards = () =>
        post('/auth/change-email/confirm', { token: lastTokenTo(next), password: PASSWORD })
      return { ...call, afterwards }
    },
    records: ['email_change_requested'],
  },
  {
    operation: 'confirmEmailChange',
    again: '400 invalid_link',
    prepare: async () => {
      const { next, token } = await changing()
      const call = post('/auth/change-email/confirm', { token: lastTokenTo(next) })
      return { ...call, token, afterwards: () => logIn(next) }
    },
    records: ['email_changed'],
    tells: 'email_changed',
  },
  {
    operation: 'confirmEmailChange',
    name: 'with a new password',
    again: '400 invalid_link',
    prepare: async () => {
      const { next } = await changing()
      const body = { token: lastTokenTo(next), new_password: NEW_PASSWORD }
      const call = post('/auth/change-email/confirm', body)
      return { ...call, afterwards: () => logIn(next, NEW_PASSWORD) }
    },
    records: ['email_changed'],
    tells: 'email_changed',
  },
  {
    operation: 'undoEmailChange',
    again: '400 invalid_link',
    prepare: async () => {
      const { email } = await changed()
      const call = post('/auth/change-email/undo', { token: lastTokenTo(email) })
      return { ...call, afterwards: () => reset(lastTokenTo(email)) }
    },
    records: ['email_change_undone'],
    tells: 'email_changed',
  },
  {
    operation: 'undoEmailChange',
    name: 'of an account that is to be deleted',
    again: '400 invalid_link',
    prepare: async () => {
      const { email, ...leave } = await leaving()
      await send(leave, client)
      const call = post('/auth/change-email/undo', { token: lastTokenTo(email) })
      return { ...call, afterwards: () => reset(lastTokenTo(email)) }
    },
    records: ['email_change_undone', 'user_deletion_cancelled'],
    tells: ['email_changed', 'user_enabled'],
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
  {
    operation: 'deleteAccount',
    name: 'while a change of the email can be undone',
    // Its sessions have ended.
    again: '401 invalid_token',
    prepare: async () => {
      const { email, ...call } = await leaving()
      const afterwards = () => post('/auth/change-email/undo', { token: lastTokenTo(email) })
      return { ...call, afterwards }
    },
    records: ['user_deletion_scheduled'],
    tells: 'user_disabled',
  },
  { operation: 'exportAccount', prepare: () => as('GET', '/auth/me/export') },
]

export const ACCOUNT_FLOWS: readonly Flow[] = [...PASSWORDS, ...EMAILS, ...ACCOUNT]
