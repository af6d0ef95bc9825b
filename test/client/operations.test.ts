import { describe, expect, test } from 'vitest'
import { createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo } from '../platform/mails'
import { createNetwork, hold } from '../platform/network'
import { newEmail, PASSWORD } from '../platform/people'
import { rows } from '../platform/records'
import { createBrowser, eventsOf, signUpIn } from '../platform/tabs'

const NEW_PASSWORD = 'another correct horse battery'

test('somebody signs up, is known, renames themselves and logs out', async () => {
  const tab = createBrowser().openTab()
  const events = eventsOf(tab)
  const { email, user } = await signUpIn(tab)
  expect(await tab.user()).toEqual(user)
  expect(await tab.me()).toMatchObject({ id: user.id, email, name: null })
  expect(await tab.changeName({ name: 'Ada' })).toMatchObject({ name: 'Ada' })

  const token = await tab.accessToken()
  await tab.logOut()
  expect(await tab.user()).toBeNull()
  expect(await tab.accessToken()).toBeNull()
  expect(events).toEqual([`signedIn ${email}`, 'signedOut'])
  const me = await createClient().get('/auth/me', { token: String(token) })
  expect(me.status).toBe(401)
})

test('who logs in again is signed in anew', async () => {
  const tab = createBrowser().openTab()
  const person = await signUpIn(tab)
  const events = eventsOf(tab)
  await tab.logIn(person)
  expect(events).toEqual([`signedIn ${person.email}`])
})

test('where the email has to be verified first, signing up signs nobody in', async () => {
  const worker = createClient({ vars: { EMAIL_VERIFICATION: 'required' } })
  const tab = createBrowser({ network: createNetwork(worker) }).openTab()
  const events = eventsOf(tab)
  const email = newEmail()
  const { user, isSignedIn } = await tab.signUp({ email, password: PASSWORD })
  expect(isSignedIn).toBe(false)
  expect(user.email).toBe(email)
  expect(await tab.user()).toBeNull()
  expect(events).toEqual([])

  await tab.resendVerification({ email })
  const link = { token: lastTokenTo(email) }
  await expect(tab.verifyEmail(link)).rejects.toMatchObject({ code: 'password_required' })
  await tab.verifyEmail({ ...link, password: PASSWORD })
  expect(await tab.logIn({ email, password: PASSWORD })).toMatchObject({ email_verified: true })
  expect(events).toEqual([`signedIn ${email}`])
})

describe('sessions', () => {
  test('are listed, and one is ended', async () => {
    const { openTab } = createBrowser()
    const [here, there] = [openTab(), openTab()]
    const person = await signUpIn(here)
    await there.logIn(person)
    const [one, other] = await here.sessions.list()
    const ended = [one, other].find((session) => !session?.current)
    await here.sessions.end(String(ended?.id))
    expect(await here.sessions.list()).toMatchObject([{ current: true }])
    await expect(there.me()).rejects.toMatchObject({ code: 'invalid_token' })
    expect(await there.user()).toBeNull()
  })

  test('all others are ended', async () => {
    const { openTab } = createBrowser()
    const [here, there] = [openTab(), openTab()]
    const person = await signUpIn(here)
    await there.logIn(person)
    await here.sessions.endOthers()
    expect(await here.sessions.list()).toHaveLength(1)
    await expect(there.me()).rejects.toMatchObject({ code: 'invalid_token' })
  })

  test('one that there is not', async () => {
    const tab = createBrowser().openTab()
    await signUpIn(tab)
    const ended = tab.sessions.end('no/such session')
    await expect(ended).rejects.toMatchObject({ code: 'session_not_found', status: 404 })
  })

  test('all of them are ended by logging out everywhere', async () => {
    const { openTab } = createBrowser()
    const [here, there] = [openTab(), openTab()]
    const person = await signUpIn(here)
    await there.logIn(person)
    await here.logOut({ everywhere: true })
    await expect(there.me()).rejects.toMatchObject({ code: 'invalid_token' })
  })
})

test('API keys are made, listed and revoked', async () => {
  const tab = createBrowser().openTab()
  await signUpIn(tab)
  const { key, ...made } = await tab.apiKeys.create({ name: 'nightly job' })
  expect(key).not.toBe('')
  expect(await tab.apiKeys.list()).toEqual([made])
  await tab.apiKeys.revoke(made.id)
  expect(await tab.apiKeys.list()).toEqual([])
  const again = tab.apiKeys.revoke('no/such key')
  await expect(again).rejects.toMatchObject({ code: 'api_key_not_found' })
})

describe('passwords', () => {
  test('a changed one leaves this session', async () => {
    const { openTab } = createBrowser()
    const tab = openTab()
    const { email, password } = await signUpIn(tab)
    await tab.changePassword({ current_password: password, new_password: NEW_PASSWORD })
    expect(await tab.me()).toMatchObject({ email })
    const again = openTab().logIn({ email, password })
    await expect(again).rejects.toMatchObject({ code: 'invalid_credentials', status: 401 })
  })

  test('a forgotten one is reset by the mailed link', async () => {
    const { openTab } = createBrowser()
    const { email } = await signUpIn(openTab())
    const tab = openTab()
    await tab.forgotPassword({ email })
    await tab.resetPassword({ token: lastTokenTo(email), new_password: NEW_PASSWORD })
    expect(await tab.user()).toBeNull()
    expect(await tab.logIn({ email, password: NEW_PASSWORD })).toMatchObject({ email })
  })
})

test('an email is verified in the session that opens the link, which goes on', async () => {
  const worker = createClient({ vars: { EMAIL_VERIFICATION: 'optional' } })
  const tab = createBrowser({ network: createNetwork(worker) }).openTab()
  const { email } = await signUpIn(tab)
  await tab.verifyEmail({ token: lastTokenTo(email) })
  expect(await tab.me()).toMatchObject({ email, email_verified: true })
})

test('an email is changed in the session that opens the link, and brought back', async () => {
  const worker = createClient({ vars: { EMAIL_VERIFICATION: 'optional' } })
  const tab = createBrowser({ network: createNetwork(worker) }).openTab()
  const { email, password } = await signUpIn(tab)
  await tab.verifyEmail({ token: lastTokenTo(email) })
  const elsewhere = newEmail()
  await tab.changeEmail({ password, new_email: elsewhere })
  advanceSeconds(1)
  await tab.confirmEmailChange({ token: lastTokenTo(elsewhere) })
  expect(await tab.me()).toMatchObject({ email: elsewhere })

  advanceSeconds(1)
  await tab.undoEmailChange({ token: lastTokenTo(email) })
  await expect(tab.me()).rejects.toMatchObject({ code: 'invalid_token' })
  advanceSeconds(1)
  await tab.resetPassword({ token: lastTokenTo(email), new_password: NEW_PASSWORD })
  expect(await tab.logIn({ email, password: NEW_PASSWORD })).toMatchObject({ email })
})

test('an account is exported and deleted, which signs out', async () => {
  const tab = createBrowser().openTab()
  const { email, password } = await signUpIn(tab)
  expect(await tab.exportAccount()).toMatchObject({ user: { email }, sessions: [{}] })
  const wrong = tab.deleteAccount({ password: 'not my password' })
  await expect(wrong).rejects.toMatchObject({ code: 'wrong_password' })
  expect(await tab.user()).toMatchObject({ email })

  const events = eventsOf(tab)
  expect(await tab.deleteAccount({ password })).toEqual({ deletesAt: null })
  expect(events).toEqual(['signedOut'])
  expect(await tab.user()).toBeNull()
})

test('an account whose email has just changed says when it will be deleted, and signs out', async () => {
  const tab = createBrowser().openTab()
  const { email, password } = await signUpIn(tab)
  await rows('update users set email_verified_at = 1 where email = ?', email)
  const next = newEmail()
  await tab.changeEmail({ password, new_email: next })
  await tab.confirmEmailChange({ token: lastTokenTo(next) })
  const { deletesAt } = await tab.deleteAccount({ password })
  expect(Date.parse(deletesAt ?? '')).toBe(Date.now() + 7 * 86_400_000)
  expect(await tab.user()).toBeNull()
})

test.each(['localStorage', 'cookie'] as const)(
  'who logged in while an account was deleted stays: %s',
  async (storage) => {
    const { network, openTab } = createBrowser({ tabs: { storage } })
    const tab = openTab()
    const { password } = await signUpIn(tab)
    const { reached, release, disturbance } = hold('DELETE /auth/me')
    network.disturb(disturbance)
    const deleted = tab.deleteAccount({ password })
    await reached
    const { email } = await signUpIn(tab)
    const events = eventsOf(tab)
    release()
    await deleted
    expect(events).toEqual([])
    expect(await tab.me()).toMatchObject({ email })
  },
)

test('an account is deleted by a page that knows of no session yet, which signs out', async () => {
  const { openTab } = createBrowser({ tabs: { storage: 'cookie', openChannel: () => null } })
  const { password } = await signUpIn(openTab())
  const reloaded = openTab()
  await reloaded.deleteAccount({ password })
  expect(await reloaded.user()).toBeNull()
})
