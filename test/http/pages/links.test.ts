import { describe, expect, test } from 'vitest'
import { advanceSeconds } from '../../platform/clock'
import { lastTokenTo } from '../../platform/mails'
import { type Browser, ledTo, openBrowser, signUpInBrowser } from '../../platform/page-browser'
import { newEmail, PASSWORD } from '../../platform/people'
import { row, sessionRows } from '../../platform/records'

// The pages that mailed links lead to, in the browser of the account and in one that knows nothing of it.

const vars = { EMAIL_VERIFICATION: 'optional' }
const NEW = 'seven quiet rivers at dusk'
const ASKS = { password: /name="password"/, newPassword: /name="new_password"/ }

interface Linked {
  readonly browser: Browser
  readonly userId: string
  readonly token: string
}

const LINKS: Readonly<Record<string, () => Promise<Linked>>> = {
  '/verify-email': async () => {
    const { browser, email, userId } = await signUpInBrowser({ vars })
    return { browser, userId, token: lastTokenTo(email) }
  },
  '/confirm-email': async () => {
    const { browser, userId } = await signUpInBrowser({ vars })
    const new_email = newEmail()
    await browser.submit('/account/email', { new_email, password: PASSWORD })
    return { browser, userId, token: lastTokenTo(new_email) }
  },
}

const verifiedAt = async (userId: string) =>
  (await row('select email_verified_at from users where id = ?', userId))['email_verified_at']

describe.each(Object.entries(LINKS))('%s', (path, prepare) => {
  const done = path === '/verify-email' ? 'email_verified' : 'email_changed'

  test('who is logged in presses a button', async () => {
    const { browser, userId, token } = await prepare()
    const page = await browser.get(`${path}?token=${token}`)
    expect(page.text).not.toMatch(ASKS.password)
    expect(page.text).not.toMatch(ASKS.newPassword)
    expect(await verifiedAt(userId)).toBeNull()
    expect(ledTo(await browser.submit(path, { token }))).toBe(`303 /account?done=${done}`)
    expect(await verifiedAt(userId)).toBe(Date.now())
    expect((await browser.get('/account')).status).toBe(200)
  })

  test('also where the access token is over by then', async () => {
    const { browser, userId, token } = await prepare()
    advanceSeconds(901)
    expect((await browser.get(`${path}?token=${token}`)).text).not.toMatch(ASKS.password)
    advanceSeconds(901)
    expect(ledTo(await browser.submit(path, { token }))).toBe(`303 /account?done=${done}`)
    expect(await verifiedAt(userId)).toBe(Date.now())
  })

  test('anybody else gives the password', async () => {
    const { userId, token } = await prepare()
    const browser = openBrowser({ vars })
    const page = await browser.get(`${path}?token=${token}`)
    expect(page.text).toMatch(ASKS.password)
    expect(page.text).toContain('autocomplete="current-password"')
    expect(page.text).toContain(`href="${path}?token=${token}&amp;choose"`)
    const empty = await browser.submit(path, { token, password: '' })
    expect(empty.status).toBe(403)
    expect(empty.text).toContain('Password is needed')
    const wrong = await browser.submit(path, { token, password: 'not the password' })
    expect(wrong.status).toBe(403)
    expect(wrong.text).toContain('Password is wrong.')
    expect(wrong.text).toMatch(ASKS.password)
    expect(await verifiedAt(userId)).toBeNull()
    const right = await browser.submit(path, { token, password: PASSWORD })
    expect(ledTo(right)).toBe(`303 /login?done=${done}`)
    expect(await verifiedAt(userId)).toBe(Date.now())
    const live = (await sessionRows(userId)).filter(({ revoked_at }) => revoked_at === null)
    expect(live).toEqual([])
  })

  test('or chooses a new one', async () => {
    const { browser: before, userId, token } = await prepare()
    const browser = openBrowser({ vars })
    const page = await browser.get(`${path}?token=${token}&choose`)
    expect(page.text).toMatch(ASKS.newPassword)
    expect(page.text).not.toMatch(ASKS.password)
    const weak = await browser.submit(path, { token, new_password: 'short' })
    expect(weak.status).toBe(400)
    expect(weak.text).toContain('New password must have at least 8 characters.')
    expect(weak.text).toMatch(ASKS.newPassword)
    const missing = await browser.submit(path, { token, new_password: '' })
    expect(missing.status).toBe(403)
    expect(missing.text).toContain('New password is needed')
    expect(await verifiedAt(userId)).toBeNull()
    const chosen = await browser.submit(path, { token, new_password: NEW })
    expect(ledTo(chosen)).toBe(`303 /login?done=${done}`)
    expect((await before.get('/account')).status).toBe(303)
    const { email } = await row('select email from users where id = ?', userId)
    const login = { email: String(email), password: NEW }
    expect(ledTo(await browser.submit('/login', login))).toBe('303 /account')
  })

  test('a visitor logged in to another account is asked as anybody is', async () => {
    const { userId, token } = await prepare()
    const { browser } = await signUpInBrowser({ vars })
    expect((await browser.get(`${path}?token=${token}`)).text).toMatch(ASKS.password)
    const refused = await browser.submit(path, { token })
    expect(refused.status).toBe(403)
    expect(refused.text).toContain('Password is needed')
    expect(await verifiedAt(userId)).toBeNull()
  })

  test('a session that has ended since asks for the password', async () => {
    const { browser, userId, token } = await prepare()
    const other = openBrowser({ vars })
    for (const [name, value] of browser.jar) other.jar.set(name, value)
    await other.submit('/logout')
    const refused = await browser.submit(path, { token })
    expect(refused.status).toBe(403)
    expect(refused.text).toMatch(ASKS.password)
    expect(await verifiedAt(userId)).toBeNull()
    const right = await browser.submit(path, { token, password: PASSWORD })
    expect(ledTo(right)).toBe(`303 /login?done=${done}`)
  })

  test('a link that is good for nothing says so', async () => {
    const { browser } = await prepare()
    for (const fields of [{}, { password: PASSWORD }, { new_password: NEW }]) {
      const answer = await browser.submit(path, { token: 'x', ...fields })
      expect(answer.status).toBe(400)
      expect(answer.text).toContain('This link is not good any more')
    }
  })

  test('from another site the page asks for itself again, with the cookies', async () => {
    const { browser, token } = await prepare()
    const stranger = openBrowser({ vars })
    const first = await stranger.get(`${path}?token=${token}`, { 'Sec-Fetch-Site': 'cross-site' })
    expect(first.headers.get('Refresh')).toBe(`0;url=${path}?token=${token}`)
    expect(first.text).not.toMatch(ASKS.password)
    const again = await browser.get(`${path}?token=${token}`, { 'Sec-Fetch-Site': 'same-origin' })
    expect(again.headers.get('Refresh')).toBeNull()
    expect(again.text).not.toMatch(ASKS.password)
  })

  test('what a look costs: nothing for anybody, one round trip for a visitor who is logged in', async () => {
    const { browser, token } = await prepare()
    expect((await openBrowser().get(`${path}?token=${token}`)).cost.d1).toBe(0)
    expect((await browser.get(`${path}?token=${token}`)).cost.d1).toBe(1)
  })
})
