import { describe, expect, test } from 'vitest'
import { createClient } from '../../platform/client'
import { advanceSeconds } from '../../platform/clock'
import { lastTokenTo } from '../../platform/mails'
import { ledTo, openBrowser, signUpInBrowser } from '../../platform/page-browser'
import { newEmail, PASSWORD } from '../../platform/people'
import { rows, sessionRows } from '../../platform/records'

const NEW = 'another horse, another battery'

test('the name: given, taken away, refused', async () => {
  const { browser } = await signUpInBrowser()
  const answer = await browser.submit('/account/name', { name: 'Ada Lovelace' })
  expect(ledTo(answer)).toBe('303 /account?done=name_changed')
  const shown = await browser.get('/account?done=name_changed')
  expect(shown.text).toContain('value="Ada Lovelace"')
  expect(shown.text).toContain('Your name is changed.')
  const long = await browser.submit('/account/name', { name: 'x'.repeat(101) })
  expect(long.status).toBe(400)
  expect(long.text).toContain('Name must have at most 100 characters.')
  await browser.submit('/account/name', { name: '' })
  expect((await browser.get('/account')).text).not.toContain('Ada')
})

describe('the password', () => {
  test('changed: here it goes on, elsewhere it ends', async () => {
    const { browser, email } = await signUpInBrowser()
    const other = openBrowser()
    await other.submit('/login', { email, password: PASSWORD })
    const fields = { current_password: PASSWORD, new_password: NEW }
    expect(ledTo(await browser.submit('/account/password', fields))).toBe(
      '303 /account?done=password_changed',
    )
    expect((await browser.get('/account')).status).toBe(200)
    expect((await other.get('/account')).status).toBe(303)
    expect((await other.submit('/login', { email, password: NEW })).status).toBe(303)
  })

  test('wrong: said at its field, in this form alone', async () => {
    const { browser } = await signUpInBrowser()
    const fields = { current_password: 'not it', new_password: NEW }
    const { status, text } = await browser.submit('/account/password', fields)
    expect(status).toBe(403)
    expect(text).toContain(
      '<a href="#account-password-current_password">Current password is wrong.',
    )
    expect(text.match(/aria-invalid/g)).toHaveLength(1)
    expect(text).not.toContain('not it')
  })

  test('a password manager finds its fields', async () => {
    const { browser, email } = await signUpInBrowser()
    const { text } = await browser.get('/account')
    expect(text).toMatch(new RegExp(`autocomplete="username" value="${email}"`))
    expect(text).toMatch(/name="current_password" type="password" autocomplete="current-password"/)
    expect(text).toMatch(/name="new_password" type="password" autocomplete="new-password"/)
    const led = await createClient().get('/.well-known/change-password')
    expect(ledTo(led)).toBe('303 /account#password')
    expect(text).toContain('id="password"')
  })
})

describe('sessions', () => {
  test('one is ended, and ended again; somebody else’s is not', async () => {
    const { browser, email, userId } = await signUpInBrowser({ userAgent: 'first/1' })
    const other = openBrowser({ userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' })
    await other.submit('/login', { email, password: PASSWORD })
    const { text } = await other.get('/account')
    expect(text).toContain('Firefox on Linux')
    expect(text).toContain('first/1')
    const path = /action="(\/account\/sessions\/[^"]{36})"/.exec(text)?.[1] ?? ''
    const stranger = await signUpInBrowser()
    await stranger.browser.submit(path)
    expect((await browser.get('/account')).status).toBe(200)
    for (let again = 0; again < 2; again++) {
      expect(ledTo(await other.submit(path))).toBe('303 /account?done=session_ended')
    }
    expect((await browser.get('/account')).status).toBe(303)
    const ended = (await sessionRows(userId)).map(({ revoked_reason }) => revoked_reason)
    expect(new Set(ended)).toEqual(new Set(['ended_by_user', null]))
  })
})

test('the export is a file of everything', async () => {
  const { browser, email } = await signUpInBrowser()
  const answer = await browser.get('/account/export')
  expect(answer.headers.get('Content-Disposition')).toBe('attachment; filename="account.json"')
  expect(answer.body).toMatchObject({ user: { email }, sessions: [{ ended_at: null }] })
})

test('the account is deleted by who knows the password', async () => {
  const { browser, userId } = await signUpInBrowser()
  expect((await browser.submit('/account/delete', { password: 'not it' })).status).toBe(403)
  expect((await browser.get('/account')).status).toBe(200)
  const answer = await browser.submit('/account/delete', { password: PASSWORD })
  expect(ledTo(answer)).toBe('303 /login?done=account_deleted')
  expect(browser.jar.has('__Host-refresh_token')).toBe(false)
  expect(await rows('select id from users where id = ?', userId)).toEqual([])
})

test('while a change of the email can be undone, the page says that the deletion waits', async () => {
  const { browser, email, userId } = await signUpInBrowser()
  await rows('update users set email_verified_at = 1 where id = ?', userId)
  const next = newEmail()
  await browser.submit('/account/email', { password: PASSWORD, new_email: next })
  const token = lastTokenTo(next)
  await browser.get(`/confirm-email?token=${token}`)
  await browser.submit('/confirm-email', { token })
  const answer = await browser.submit('/account/delete', { password: PASSWORD })
  expect(ledTo(answer)).toBe('303 /login?done=account_deletion_scheduled')
  expect(browser.jar.has('__Host-refresh_token')).toBe(false)
  expect((await browser.get('/login?done=account_deletion_scheduled')).text).toContain('disabled')
  expect(await rows('select is_active from users where id = ?', userId)).toEqual([{ is_active: 0 }])
  expect(lastTokenTo(email)).toBeTruthy()
})

describe('what a page costs, in round trips to D1', () => {
  const d1 = async (answer: Promise<{ cost: { d1: number } }>) => (await answer).cost.d1

  test('the pages for anybody: none', async () => {
    const browser = openBrowser()
    for (const path of [
      '/login',
      '/signup',
      '/forgot-password',
      '/verify-email?token=x',
      '/confirm-email?token=x',
      '/account',
    ]) {
      expect(await d1(browser.get(path)), path).toBe(0)
    }
  })

  test('the account: three at once; over the access token, one before and three after', async () => {
    const { browser } = await signUpInBrowser()
    expect(await d1(browser.get('/account'))).toBe(3)
    advanceSeconds(900)
    expect(await d1(browser.get('/account'))).toBe(4)
    expect(await d1(browser.get('/account'))).toBe(3)
  })

  test('a form: what the same costs by the API', async () => {
    const { browser, email } = await signUpInBrowser()
    expect(await d1(openBrowser().submit('/login', { email, password: PASSWORD }))).toBe(2)
    expect(await d1(browser.submit('/account/name', { name: 'x' }))).toBe(1)
    expect(await d1(browser.submit('/account/sessions/others'))).toBe(1)
    expect(await d1(browser.submit('/logout'))).toBe(1)
  })
})
