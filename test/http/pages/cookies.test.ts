import { describe, expect, test } from 'vitest'
import { createClient, type Sent } from '../../platform/client'
import {
  type Browser,
  ledTo,
  ORIGIN,
  openBrowser,
  signUpInBrowser,
} from '../../platform/page-browser'
import { newEmail, PASSWORD } from '../../platform/people'
import { sessionRows } from '../../platform/records'

// Pages and API share a browser, and with it the refresh cookie: they agree on who is logged in.

const ACCESS = '__Host-access_token'
const REFRESH = '__Host-refresh_token'
const client = createClient()

/** Asks the API as a script on one of our pages does. */
async function fetchIn({ jar }: Browser, path: string, sent: Sent) {
  const Cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const answer = await client.post(path, { ...sent, headers: { Origin: ORIGIN, Cookie } })
  for (const cookie of answer.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    if (value === '') jar.delete(name)
    else jar.set(name, value)
  }
  return answer
}

describe('after the API has', () => {
  test.each(['signup', 'login', 'refresh'])(
    '%s in the cookie, pages show the same',
    async (verb) => {
      const { browser, email } = await signUpInBrowser()
      const other = await signUpInBrowser()
      expect((await browser.get('/account')).text).toContain(email)
      const person = { email: verb === 'signup' ? newEmail() : other.email, password: PASSWORD }
      const body = verb === 'refresh' ? { refresh_token: other.browser.jar.get(REFRESH) } : person
      const answer = await fetchIn(browser, `/auth/${verb}`, {
        body: { ...body, transport: 'cookie' },
      })
      expect(answer.status).toBeLessThan(300)
      const shown = (await browser.get('/account')).text
      expect(shown).toContain(person.email)
      expect(shown).not.toContain(email)
    },
  )

  test('logged out, pages are logged out too', async () => {
    const { browser } = await signUpInBrowser()
    const other = await signUpInBrowser()
    browser.jar.set(REFRESH, other.browser.jar.get(REFRESH) ?? '')
    expect((await fetchIn(browser, '/auth/logout', { body: {} })).status).toBe(200)
    expect([...browser.jar.keys()]).toEqual(['__Host-device'])
    expect(ledTo(await browser.get('/account'))).toBe('303 /login?next=%2Faccount')
  })

  test('answered in the body, pages go on as they were', async () => {
    const { browser, email } = await signUpInBrowser()
    const other = await signUpInBrowser()
    await fetchIn(browser, '/auth/login', { body: { email: other.email, password: PASSWORD } })
    expect((await browser.get('/account')).text).toContain(email)
  })
})

test('a deletion that had to refresh leaves no cookie', async () => {
  const { browser } = await signUpInBrowser()
  browser.jar.delete(ACCESS)
  const answer = await browser.submit('/account/delete', { password: PASSWORD })
  expect(ledTo(answer)).toBe('303 /login?done=account_deleted')
  expect([...browser.jar.keys()]).toEqual(['__Host-device'])
})

describe('a login over a session', () => {
  test.each(['/login', '/signup'])('by %s ends it, and no other', async (path) => {
    const { browser, email, userId } = await signUpInBrowser()
    await openBrowser().submit('/login', { email, password: PASSWORD })
    const fields = { email: path === '/login' ? email : newEmail(), password: PASSWORD }
    expect(ledTo(await browser.submit(path, fields))).toBe('303 /account')
    expect((await browser.get('/account')).status).toBe(200)
    const ends = (await sessionRows(userId)).map(({ revoked_reason }) => revoked_reason)
    expect(ends.filter((reason) => reason === 'logout')).toHaveLength(1)
    expect(ends.filter((reason) => reason === null)).toHaveLength(path === '/login' ? 2 : 1)
  })

  test('that fails leaves it', async () => {
    const { browser, email, userId } = await signUpInBrowser()
    await browser.submit('/login', { email, password: 'wrong' })
    expect(await sessionRows(userId)).toMatchObject([{ revoked_reason: null }])
    expect((await browser.get('/account')).status).toBe(200)
  })

  test('that has ended, or with cookies of nothing, is a login', async () => {
    const { browser, email } = await signUpInBrowser()
    browser.jar.set(ACCESS, 'x.y.z')
    browser.jar.set(REFRESH, 'x.y.z')
    expect(ledTo(await browser.submit('/login', { email, password: PASSWORD }))).toBe(
      '303 /account',
    )
  })
})
