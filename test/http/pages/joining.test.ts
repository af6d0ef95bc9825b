import { afterEach, describe, expect, test, vi } from 'vitest'
import { signUpHolder } from '../../platform/administrators'
import { createClient } from '../../platform/client'
import { lastTokenTo, mailsTo } from '../../platform/mails'
import { ledTo, openBrowser, signUpInBrowser } from '../../platform/page-browser'
import { newEmail, PASSWORD, signUpPerson, verifyAddress } from '../../platform/people'
import { row } from '../../platform/records'

describe('signing up', () => {
  test('logs in and leads to the account', async () => {
    const { browser, email, answer } = await signUpInBrowser()
    expect(ledTo(answer)).toBe('303 /account')
    expect((await browser.get('/account')).text).toContain(email)
  })

  test('what is wrong is said at the field', async () => {
    const { email } = await signUpPerson(createClient())
    const taken = await openBrowser().submit('/signup', { email, password: PASSWORD, name: 'Ada' })
    expect(taken.status).toBe(409)
    expect(taken.text).toContain('Email is that of an account already')
    expect(taken.text).toMatch(/name="name"[^>]*value="Ada"/)
    const weak = await openBrowser().submit('/signup', { email: 'nobody', password: 'short' })
    expect(weak.text).toContain('Email must be an email address.')
    expect(weak.text).not.toContain('value="short"')
    const short = await openBrowser().submit('/signup', { email: newEmail(), password: 'short' })
    expect(short.text).toContain('Password must have at least 8 characters.')
  })

  test('with a verification first: look into your mail', async () => {
    const browser = openBrowser({ vars: { EMAIL_VERIFICATION: 'required' } })
    const email = newEmail()
    const answer = await browser.submit('/signup', { email, password: PASSWORD })
    expect(ledTo(answer)).toBe('303 /verify-email?mailed')
    expect(browser.jar.size).toBe(0)
    expect((await browser.get('/verify-email?mailed')).text).toContain('Look into your mail')
    const early = await browser.submit('/login', { email, password: PASSWORD })
    expect(early.text).toContain('Confirm your email first')
    const token = lastTokenTo(email)
    const page = await browser.get(`/verify-email?token=${token}`)
    expect(page.text).toContain('Enter the password of the account')
    const fields = { token, password: PASSWORD }
    expect(ledTo(await browser.submit('/verify-email', fields))).toBe(
      '303 /login?done=email_verified',
    )
    expect(ledTo(await browser.submit('/login', { email, password: PASSWORD }))).toBe(
      '303 /account',
    )
  })

  test('another link to verify: the same answer for anybody', async () => {
    const browser = openBrowser({ vars: { EMAIL_VERIFICATION: 'optional' } })
    for (const email of [newEmail(), (await signUpPerson(createClient())).email]) {
      const answer = await browser.submit('/verify-email/resend', { email })
      expect(ledTo(answer)).toBe('303 /login?done=verification_mailed')
    }
  })

  test('where nobody can, or only who is invited, the page says so', async () => {
    const closed = openBrowser({ vars: { SIGNUP: 'closed' } })
    expect((await closed.get('/signup')).text).toContain('Nobody can sign up here')
    expect((await closed.get('/login')).text).not.toContain('/signup')
    const invited = openBrowser({ vars: { SIGNUP: 'invite' } })
    expect((await invited.get('/signup')).text).toContain('for who is invited')

    const { token } = await signUpHolder('admin')
    const email = newEmail()
    await createClient().post('/admin/invitations', { token, body: { email } })
    const invitation = lastTokenTo(email)
    expect(mailsTo(email)[0]?.text).toContain(`/signup?invitation=${invitation}`)
    const page = await invited.get(`/signup?invitation=${invitation}`)
    expect(page.text).toContain(`name="invitation" value="${invitation}"`)
    const other = { email: newEmail(), password: PASSWORD, invitation }
    const refused = await invited.submit('/signup', other)
    expect(refused.status).toBe(403)
    expect(refused.text).toContain(`name="invitation" value="${invitation}"`)
    const answer = await invited.submit('/signup', { ...other, email })
    expect(ledTo(answer)).toBe('303 /account')
  })
})

test('a forgotten password: the same for an email that has no account', async () => {
  const { email } = await signUpPerson(createClient())
  const [known, unknown] = [
    await openBrowser().submit('/forgot-password', { email }),
    await openBrowser().submit('/forgot-password', { email: newEmail() }),
  ]
  expect(ledTo(known)).toBe('303 /login?done=reset_mailed')
  expect(ledTo(unknown)).toBe(ledTo(known))
  expect(unknown.cost).toEqual(known.cost)
  expect(unknown.text).toBe(known.text)
  expect(mailsTo(email)).toHaveLength(1)
})

test('a new email: confirmed by its link, undone by that to the old one', async () => {
  const { browser, email, userId } = await signUpInBrowser()
  await verifyAddress({ userId })
  const next = newEmail()
  const fields = { new_email: next, password: PASSWORD }
  expect(ledTo(await browser.submit('/account/email', fields))).toBe(
    '303 /account?done=email_change_mailed',
  )
  const confirm = { token: lastTokenTo(next) }
  expect((await browser.get(`/confirm-email?token=${confirm.token}`)).text).toContain(
    'Use this address',
  )
  expect(ledTo(await browser.submit('/confirm-email', confirm))).toBe(
    '303 /account?done=email_changed',
  )
  expect((await browser.get('/account')).text).toContain(next)
  const undo = { token: lastTokenTo(email) }
  expect((await browser.get(`/undo-email-change?token=${undo.token}`)).status).toBe(200)
  const stranger = openBrowser()
  expect(ledTo(await stranger.submit('/undo-email-change', undo))).toBe(
    '303 /login?done=email_undone',
  )
  expect((await row('select email from users where id = ?', userId))['email']).toBe(email)
  expect((await browser.get('/account')).status).toBe(303)
})

describe('a challenge', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })
  const vars = { TURNSTILE_SECRET: 'turnstile-secret', TURNSTILE_SITE_KEY: '0x4AAA_site-key' }

  test('is shown when it is asked for, to a policy that allows it, and then no more', async () => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () =>
      Response.json({ success: true, hostname: '127.0.0.1', action: 'gatehouse_log_in' }),
    )
    const browser = openBrowser({ vars, ip: '10.7.1.7' })
    const { email } = await signUpPerson(createClient())
    const policy = async (fields: Record<string, string>) => {
      const answer = await browser.submit('/login', { email, password: 'wrong', ...fields })
      return { ...answer, policy: answer.headers.get('Content-Security-Policy') }
    }
    for (let failure = 0; failure < 3; failure++) {
      const { text, policy: plain } = await policy({})
      expect(text).not.toContain('turnstile')
      expect(plain).not.toContain('script-src')
    }
    const asked = await policy({})
    expect(asked.status).toBe(403)
    expect(asked.text).toContain('Show that you are a person')
    expect(asked.text).toContain('data-sitekey="0x4AAA_site-key"')
    expect(asked.text).toContain('data-action="gatehouse_log_in"')
    expect(asked.policy).toContain(
      'script-src https://challenges.cloudflare.com; frame-src https://challenges.cloudflare.com',
    )
    const fields = { email, password: PASSWORD, turnstile_token: 'solved' }
    expect(ledTo(await browser.submit('/login', fields))).toBe('303 /account')
  })

  test('without a site key there are only the words', async () => {
    const { TURNSTILE_SECRET } = vars
    const browser = openBrowser({ vars: { TURNSTILE_SECRET }, ip: '10.7.2.7' })
    const email = newEmail()
    for (let failure = 0; failure < 3; failure++)
      await browser.submit('/login', { email, password: 'x' })
    const asked = await browser.submit('/login', { email, password: 'x' })
    expect(asked.status).toBe(403)
    expect(asked.text).not.toContain('<script')
    expect(asked.headers.get('Content-Security-Policy')).not.toContain('script-src')
  })
})
