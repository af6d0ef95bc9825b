import { describe, expect, test } from 'vitest'
import { ownPath } from '../../../src/http/pages/own-path'
import { createClient } from '../../platform/client'
import { advanceSeconds } from '../../platform/clock'
import { ledTo, ORIGIN, openBrowser, signUpInBrowser } from '../../platform/page-browser'
import { newEmail, PASSWORD, signUpPerson } from '../../platform/people'
import { sessionRows, setActive } from '../../platform/records'

const logIn = async (fields: Record<string, string>, browser = openBrowser()) =>
  browser.submit('/login', fields)

describe('where a login leads', () => {
  test.each(['/account', '/account#password', '/console/users?email=a%40b', '/app/page?x=/y#z'])(
    '%s: there',
    async (next) => {
      const { email } = await signUpPerson(createClient())
      expect(ledTo(await logIn({ email, password: PASSWORD, next }))).toBe(`303 ${next}`)
    },
  )

  test.each([
    '',
    'account',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    ' //evil.example',
    '/./\\evil.example',
    '/.//evil.example',
    '/x/..//evil.example',
    '/%2f/evil.example',
    '/%2Fevil.example',
    '/%5cevil.example',
    '/%5C/evil.example',
    '/%2e%2e//evil.example',
    '/%09/evil.example',
    '/%252fevil.example',
    '/account\r\nSet-Cookie: a=b',
    '/account%0d%0aSet-Cookie:a=b',
    'https://evil.example',
    'https:evil.example',
    'http://127.0.0.1:8787.evil.example/',
    'http://127.0.0.1:8787@evil.example/',
    'javascript:alert(1)',
    'data:text/html,x',
    '@evil.example',
    '/\u2028/evil.example',
  ])('%j: home', async (next) => {
    expect(ownPath(next, ORIGIN)).toBe('/account')
    const shown = await openBrowser().get(`/login?next=${encodeURIComponent(next)}`)
    expect(shown.text).not.toContain('name="next"')
  })
})

test('a page that needs a login leads there and back; a form to its page', async () => {
  const browser = openBrowser()
  expect(ledTo(await browser.get('/account'))).toBe('303 /login?next=%2Faccount')
  const list = '/console/users?email=a&status=active'
  expect(ledTo(await browser.get(list))).toBe(`303 /login?next=${encodeURIComponent(list)}`)
  expect(ledTo(await browser.submit('/account/name', { name: 'x' }))).toBe(
    '303 /login?next=%2Faccount',
  )
  const shown = await browser.get('/login?next=%2Fconsole%2Froles')
  expect(shown.text).toContain('<input type="hidden" name="next" value="/console/roles"/>')
})

test('a link on another site is followed with the cookies of the next request', async () => {
  const answer = await openBrowser().get('/account?x=1', { 'Sec-Fetch-Site': 'cross-site' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('Refresh')).toBe('0;url=/account?x=1')
})

test('the cookies: out of reach of scripts and of other sites, for as long as their tokens', async () => {
  const { email } = await signUpPerson(createClient())
  const answer = await logIn({ email, password: PASSWORD })
  const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Strict'
  const cookies = answer.headers.getSetCookie().map((text) => text.replace(/=[^;]*/, ''))
  expect(cookies).toEqual([
    `__Host-refresh_token; Max-Age=604800; ${ATTRIBUTES}`,
    `__Host-access_token; Max-Age=900; ${ATTRIBUTES}`,
    `__Host-device; Max-Age=15552000; ${ATTRIBUTES}`,
  ])
})

describe('what is refused', () => {
  test('a wrong password and an unknown email look the same', async () => {
    const { email } = await signUpPerson(createClient())
    const [wrong, unknown] = [
      await logIn({ email, password: 'wrong' }),
      await logIn({ email: newEmail(), password: 'wrong' }),
    ]
    expect(wrong.status).toBe(401)
    expect(wrong.text).toContain('The email or the password is wrong.')
    expect(wrong.text).not.toContain('value="wrong"')
    const withoutEmail = (text: string) => text.replaceAll(/person-[\w-]+@example\.com/g, '')
    expect(withoutEmail(unknown.text)).toBe(withoutEmail(wrong.text))
    expect(unknown.status).toBe(wrong.status)
    expect(unknown.headers.getSetCookie()).toEqual([])
  })

  test('empty fields, each said at its field, the first with the focus', async () => {
    const { status, text } = await logIn({ email: '', password: '' })
    expect(status).toBe(400)
    expect(text).toContain('<title>Error: Log in – Gatehouse</title>')
    expect(text).toContain('<a href="#login-email">Email must not be empty.</a>')
    expect(text).toMatch(
      /<input id="login-email" [^>]*autofocus=""[^>]*aria-invalid="true" aria-describedby="login-email-error"/,
    )
    expect(text).toMatch(
      /<input id="login-password" [^>]*aria-invalid="true" aria-describedby="login-password-error"/,
    )
    expect(text.match(/autofocus/g)).toHaveLength(1)
  })

  test('too many attempts: until when', async () => {
    const { email } = await signUpPerson(createClient())
    for (let attempt = 0; attempt < 5; attempt++) await logIn({ email, password: 'wrong' })
    const answer = await logIn({ email, password: PASSWORD })
    expect(answer.status).toBe(429)
    expect(answer.headers.get('Retry-After')).toBe('1')
    expect(answer.text).toContain('Try again in 1 seconds')
  })

  test('a disabled account, to who knows its password', async () => {
    const { email, userId } = await signUpPerson(createClient())
    await setActive(userId, false)
    const answer = await logIn({ email, password: PASSWORD })
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('This account has been disabled.')
  })
})

describe('a visit', () => {
  test('goes on over the access token, by one rotation, in every tab', async () => {
    const { browser, userId } = await signUpInBrowser()
    const first = browser.jar.get('__Host-refresh_token')
    await browser.get('/account')
    expect(browser.jar.get('__Host-refresh_token')).toBe(first)
    advanceSeconds(900)
    const tabs = await Promise.all([browser.get('/account'), browser.get('/account')])
    expect(tabs.map(({ status }) => status)).toEqual([200, 200])
    const second = browser.jar.get('__Host-refresh_token')
    expect(second).not.toBe(first)
    const set = tabs.map(({ headers }) => headers.getSetCookie()[0]?.replace(/;.*/, ''))
    expect(set).toEqual(Array(2).fill(`__Host-refresh_token=${second}`))
    expect(await sessionRows(userId)).toHaveLength(1)
  })

  test('ends with its session, at once, and the page says where to log in', async () => {
    const { browser, email } = await signUpInBrowser()
    const other = openBrowser()
    await other.submit('/login', { email, password: PASSWORD })
    await other.submit('/account/sessions/others')
    expect(ledTo(await browser.get('/account'))).toBe('303 /login?next=%2Faccount')
    expect((await other.get('/account')).status).toBe(200)
  })

  test('of an ended session goes on by the refresh token of a live one, but for forms', async () => {
    const other = await signUpInBrowser()
    const stale = await signUpInBrowser()
    const access = stale.browser.jar.get('__Host-access_token') ?? ''
    await stale.browser.submit('/logout')
    const mixed = openBrowser()
    mixed.jar.set('__Host-access_token', access)
    mixed.jar.set('__Host-refresh_token', other.browser.jar.get('__Host-refresh_token') ?? '')
    const fields = { name: 'Meant for the other' }
    expect(ledTo(await mixed.submit('/account/name', fields))).toBe('303 /login?next=%2Faccount')
    expect((await mixed.get('/account')).text).toContain(other.email)
    expect((await mixed.get('/account')).text).not.toContain('Meant')
  })

  test('the access cookie is nothing to the API', async () => {
    const { browser } = await signUpInBrowser()
    expect((await browser.get('/auth/me')).status).toBe(401)
  })

  test('log out: the session ends, the cookies go, and again is the same', async () => {
    const { browser, userId } = await signUpInBrowser()
    expect((await browser.get('/logout')).text).toContain('<form method="post" action="/logout"')
    expect((await browser.get('/account')).status).toBe(200)
    expect(ledTo(await browser.submit('/logout'))).toBe('303 /login?done=logged_out')
    expect([...browser.jar.keys()]).toEqual(['__Host-device'])
    expect((await sessionRows(userId))[0]).toMatchObject({ revoked_reason: 'logout' })
    expect(ledTo(await browser.submit('/logout'))).toBe('303 /login?done=logged_out')
    expect((await browser.get('/login?done=logged_out')).text).toContain('You are logged out.')
    expect((await browser.get('/login?done=<b>')).text).not.toContain('<b>')
  })
})
