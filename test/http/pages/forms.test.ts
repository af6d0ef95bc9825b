import { describe, expect, test } from 'vitest'
import { createClient } from '../../platform/client'
import { loggedText } from '../../platform/logs'
import { lastTokenTo } from '../../platform/mails'
import { ledTo, ORIGIN, openBrowser, signUpInBrowser } from '../../platform/page-browser'
import { newEmail, PASSWORD, signUpPerson } from '../../platform/people'
import { sessionRows } from '../../platform/records'

describe('a form that is not from a page of ours', () => {
  const APP = 'https://app.example.com'
  test.each([
    ['another origin', { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }],
    ['another origin, whatever it calls itself', { Origin: 'https://evil.example' }],
    ['the null origin', { Origin: 'null' }],
    ['our host at another port', { Origin: 'http://127.0.0.1:9999' }],
    ['an origin that begins like ours', { Origin: `${ORIGIN}.evil.example` }],
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['another origin of our site', { 'Sec-Fetch-Site': 'same-site' }],
    ['nowhere that it says', { Origin: '', 'Sec-Fetch-Site': 'none' }],
    ['a front end, which has the API', { Origin: APP, 'Sec-Fetch-Site': 'same-site' }],
  ] as const)('%s: a page says so, and nothing is done', async (_name, headers) => {
    const { browser, userId, email } = await signUpInBrowser({ vars: { FRONTEND_URL: APP } })
    for (const path of ['/logout', '/account/sessions/others', '/login']) {
      const answer = await browser.submit(path, { email, password: PASSWORD }, headers)
      expect(answer.status, path).toBe(403)
      expect(answer.text).toContain('Nothing was done.')
      expect(answer.headers.getSetCookie()).toEqual([])
    }
    expect(await sessionRows(userId)).toMatchObject([{ revoked_at: null }])
  })

  test('an old browser that says only its origin, or a new one only its site, is ours', async () => {
    const { browser } = await signUpInBrowser()
    const post = (headers: Record<string, string>) =>
      browser.get('/account').then(() =>
        createClient().send('POST', '/account/name', {
          rawBody: 'name=x',
          headers: {
            'Content-Type': 'application/x-www-form-urlencoded',
            Cookie: [...browser.jar].map(([name, value]) => `${name}=${value}`).join('; '),
            ...headers,
          },
        }),
      )
    expect((await post({ Origin: ORIGIN })).status).toBe(303)
    expect((await post({ 'Sec-Fetch-Site': 'same-origin' })).status).toBe(303)
    expect((await post({})).status).toBe(403)
  })

  test('any other type of body is no form', async () => {
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
      const answer = await openBrowser().submit('/login', {}, { 'Content-Type': type })
      expect(answer.status, type).toBe(415)
    }
  })
})

describe('refusals are pages', () => {
  test.each([
    ['GET', '/console/users/x/explode', 404],
    ['GET', '/account/nowhere', 404],
    ['PUT', '/login', 405],
    ['POST', '/signup', 413],
  ])('%s %s: %d', async (method, path, status) => {
    const rawBody = status === 413 ? 'x'.repeat(17_000) : undefined
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Origin: ORIGIN }
    const answer = await createClient().send(method, path, { ...(rawBody && { rawBody }), headers })
    expect(answer.status).toBe(status)
    if (status === 405) expect(answer.headers.get('Allow')).toBe('GET, HEAD, POST')
  })

  test('what does not exist is a page for who asks for one, and a problem for who does not', async () => {
    const headers = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
    const { body } = await createClient({ vars: {} }).get('/login')
    expect(body).toContain('<h1>Log in</h1>')
    const asked = await openBrowser().get('/account/nowhere', headers)
    expect(asked.text).toContain('There is nothing at this address.')
    expect((await createClient().get('/nowhere')).headers.get('Content-Type')).toBe(
      'application/problem+json',
    )
  })

  test('D1 away, or a wrong configuration', async () => {
    const down = openBrowser({
      interfere: () => {
        throw new Error('D1_ERROR: D1 DB is overloaded')
      },
    })
    const away = await down.submit('/login', { email: newEmail(), password: PASSWORD })
    expect(away.status).toBe(503)
    expect(away.headers.get('Retry-After')).toBe('5')
    const broken = await openBrowser({ vars: { AUTH_SECRETS: 'short' } }).get('/login')
    expect(broken.status).toBe(500)
    expect(broken.text).not.toContain('short')
  })
})

describe('headers', () => {
  test('a page allows its stylesheet and its forms, and nothing else', async () => {
    const { browser } = await signUpInBrowser()
    for (const path of ['/login', '/account', '/account/nowhere', '/reset-password?token=x']) {
      const { headers } = await browser.get(path)
      expect(headers.get('Content-Security-Policy'), path).toBe(
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'self'",
      )
      expect(headers.get('Referrer-Policy')).toBe('strict-origin')
      expect(headers.get('Cache-Control')).toBe('no-store')
      expect(headers.get('X-Frame-Options')).toBe('DENY')
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
      expect(headers.get('Strict-Transport-Security')).toBe('max-age=31536000; includeSubDomains')
    }
  })

  test('no script and no style stands in a page', async () => {
    const { browser } = await signUpInBrowser()
    for (const path of ['/login', '/signup', '/account', '/forgot-password', '/verify-email']) {
      expect((await browser.get(path)).text, path).not.toMatch(/<script|<style|style=|\son\w+=/)
    }
  })

  test('no front end reads a page', async () => {
    const browser = openBrowser({ vars: { FRONTEND_URL: 'https://app.example.com' } })
    const { headers } = await browser.get('/login', { Origin: 'https://app.example.com' })
    expect(headers.get('Access-Control-Allow-Origin')).toBeNull()
  })

  test('the stylesheet is kept for good under its own address alone', async () => {
    const { text } = await openBrowser().get('/login')
    const address = /href="(\/pages\.css\?v=\w+)"/.exec(text)?.[1] ?? ''
    const sheet = await openBrowser().get(address)
    expect(sheet.headers.get('Content-Type')).toBe('text/css; charset=utf-8')
    expect(sheet.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable')
    const other = await openBrowser().get('/pages.css?v=other')
    expect(other.headers.get('Cache-Control')).toBe('no-cache')
  })
})

describe('a form that is not UTF-8, of which a lenient decoder makes passwords alike', () => {
  const bytes = (...codes: number[]) =>
    new Uint8Array([...new TextEncoder().encode('x='), ...codes])
  const broken: [string, string | Uint8Array<ArrayBuffer>][] = [
    ['percent-encoded', 'x=%FF%FE%FD%FC%FB%FA%F9%F8'],
    ['a surrogate', 'x=%ED%A0%80'],
    ['cut off', 'x=%C3'],
    ['in a name', '%FF=x'],
    ['no percent-encoding', 'x=%zz'],
    ['as it is', bytes(0xff, 0xfe)],
    ['half as it is', bytes(0xc3, ...new TextEncoder().encode('%A9'))],
  ]
  test.each(broken)('%s: refused', async (_name, rawBody) => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Origin: ORIGIN }
    const answer = await createClient().send('POST', '/login', { rawBody, headers })
    expect(answer.status).toBe(400)
    expect(answer.body).toContain('What was sent is not text in UTF-8.')
  })

  test('any character that is comes as it was typed', async () => {
    const { browser } = await signUpInBrowser()
    await browser.submit('/account/name', { name: 'Zoë 100% + 🐴' })
    expect((await browser.get('/account')).text).toContain('value="Zoë 100% + 🐴"')
  })
})

test('names with markup are text', async () => {
  const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'&`
  const { browser } = await signUpInBrowser({ userAgent: '<b>bold</b>' })
  await browser.submit('/account/name', { name: evil })
  const { text } = await browser.get('/account')
  expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(text).toContain('&lt;b&gt;bold&lt;/b&gt;')
  const refused = await browser.submit('/login', { email: evil, password: evil, next: evil })
  for (const shown of [text, refused.text]) expect(shown).not.toMatch(/<script|<img|<b>/)
  const titled = openBrowser({ vars: { SERVICE_NAME: '</title><script>' } })
  expect((await titled.get('/login')).text).not.toContain('<script>')
})

test('a mailed link is only looked at until its button is pressed, and is in no log', async () => {
  const { email } = await signUpPerson(createClient())
  const browser = openBrowser()
  await browser.submit('/forgot-password', { email })
  const token = lastTokenTo(email)
  for (let look = 0; look < 2; look++) {
    const shown = await browser.get(`/reset-password?token=${token}`)
    expect(shown.text).toContain(`<input type="hidden" name="token" value="${token}"/>`)
    expect(shown.cost.d1).toBe(0)
  }
  const weak = await browser.submit('/reset-password', { token, new_password: 'password' })
  expect(weak.status).toBe(400)
  expect(weak.text).toContain('New password is one of the most common passwords')
  expect(weak.text).toContain(`value="${token}"`)
  const fields = { token, new_password: 'another horse, another battery' }
  const done = await browser.submit('/reset-password', fields)
  expect(ledTo(done)).toBe('303 /login?done=password_reset')
  expect((await browser.submit('/reset-password', fields)).text).toContain('not good any more')
  expect(loggedText()).not.toContain(token.slice(0, 36))
})
