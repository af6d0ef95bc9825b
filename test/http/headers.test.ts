import { describe, expect, test } from 'vitest'
import { pages } from '../../src/http/page-routes'
import { expectGuarded, expectGuardedPage } from '../attacks/guarded'
import { grantRoles } from '../platform/administrators'
import { failAll } from '../platform/bindings'
import { type Answer, type ClientOptions, createClient } from '../platform/client'
import { lastTokenTo } from '../platform/mails'
import { type Browser, ORIGIN, openBrowser, signUpInBrowser } from '../platform/page-browser'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'

// What every answer says beside its body, and what stands in each cookie: drop any of it, and something here is red.

const FULL = { limit: async () => ({ success: false }) }
const CONDITIONS: Readonly<Record<string, ClientOptions>> = {
  'in order': {},
  'over the limit': {
    vars: {
      RATE_LIMIT: 'on',
      RATE_LIMIT_CREDENTIALS: FULL,
      RATE_LIMIT_REFRESH: FULL,
      RATE_LIMIT_MAIL: FULL,
      RATE_LIMIT_ALL: FULL,
    },
  },
  'of a service that is not configured': { vars: { AUTH_SECRETS: '' } },
  'of a service with a front end': { vars: { FRONTEND_URL: 'https://app.example.com' } },
  'of a service with a fault': { interfere: failAll('d1', 'D1_ERROR: no such table: users') },
  'of a service without its stores': {
    interfere: () => {
      throw new Error('D1_ERROR: D1 DB is overloaded')
    },
  },
}

const addresses = [
  ...new Map(pages.routes.map((route) => [`${route.method} ${route.path}`, route])).values(),
]
const FIELDS = { email: 'nobody@example.com', password: PASSWORD, token: 'junk', name: 'x' }
const formHeaders = {
  'Content-Type': 'application/x-www-form-urlencoded',
  Origin: ORIGIN,
  'Sec-Fetch-Site': 'same-origin',
}

async function administrator(): Promise<Browser> {
  const { browser, userId } = await signUpInBrowser()
  await grantRoles(userId, 'admin')
  return browser
}

const cookiesOf = ({ jar }: Browser) =>
  [...jar].map(([name, value]) => `${name}=${value}`).join('; ')

test('the addresses of pages were found', () => {
  expect(addresses.length).toBeGreaterThan(30)
})

describe.each(addresses)('$method $path', ({ method, path: pattern }) => {
  const path = pattern.replace(/:\w+/g, 'some')
  const keepsOf = ({ status }: Answer) =>
    pattern === '/pages.css' && status === 200 ? 'no-cache' : 'no-store'

  test('every answer is guarded, whoever asks and however it goes', async () => {
    const Cookie = cookiesOf(await administrator())
    const rawBody = new URLSearchParams(FIELDS).toString()
    for (const [name, options] of Object.entries(CONDITIONS)) {
      const client = createClient(options)
      const visitors: Readonly<Record<string, string>>[] = [
        {},
        { Cookie: '__Host-access_token=x.y.z; __Host-refresh_token=x.y.z' },
        { Cookie },
        { Cookie, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
      ]
      for (const visitor of name === 'in order' ? visitors : [{}, { Cookie }]) {
        const headers = { ...(method === 'POST' && formHeaders), ...visitor }
        const answer = await client.send(method, path, {
          headers,
          ...(method === 'POST' && { rawBody }),
        })
        expectGuardedPage(answer, keepsOf(answer))
        expect(String(answer.body), name).not.toMatch(/no such table|overloaded|D1_/)
        if (method === 'GET') {
          const head = await client.send('HEAD', path, { headers })
          expect(head.body).toBe('')
          expectGuardedPage(head, keepsOf(head))
        }
      }
    }
  })

  test('refusals of the form of a request are guarded too', async () => {
    const client = createClient()
    const bad: [string, Parameters<typeof client.send>[2]][] = [
      ['PUT', {}],
      ['PROPFIND', {}],
      ['OPTIONS', { headers: { Origin: 'https://evil.example' } }],
      ['POST', { rawBody: 'x'.repeat(17_000), headers: formHeaders }],
      ['POST', { rawBody: '%FF', headers: formHeaders }],
      ['POST', { body: {}, headers: { Origin: ORIGIN } }],
      ['GET', { headers: { Accept: 'text/html' } }],
    ]
    for (const [other, sent] of bad) {
      const answer = await client.send(other, `${path}`, sent)
      expectGuardedPage(answer, keepsOf(answer))
    }
  })
})

test('what is at no address is a page, guarded as any', async () => {
  for (const path of ['/account/no/such/thing', '/login/x', '/console/users/x/y/z']) {
    const answer = await createClient().get(path)
    expect(answer.status, path).toBe(404)
    expectGuardedPage(answer)
  }
})

describe('what is about a person is kept by nobody', () => {
  test('pages, and their download', async () => {
    const browser = await administrator()
    const shown = [
      '/account',
      '/account/export',
      '/console/roles',
      '/console/users',
      '/console/audit',
    ]
    for (const path of shown) {
      const answer = await browser.get(path)
      expect(answer.status, path).toBe(200)
      expectGuardedPage(answer)
    }
    const download = await browser.get('/account/export')
    expect(download.headers.get('Content-Type')).toBe('application/json')
    expect(download.headers.get('Content-Disposition')).toBe('attachment; filename="account.json"')
  })

  test('the export of the API', async () => {
    const client = createClient()
    const { session } = await signUpPerson(client)
    const answer = await client.get('/auth/me/export', { token: session.access_token })
    expect(answer.status).toBe(200)
    expectGuarded(answer)
  })

  test('a page with the token of a mailed link says it to nobody', async () => {
    const { email } = await signUpPerson(createClient())
    const browser = openBrowser()
    await browser.submit('/forgot-password', { email })
    const token = lastTokenTo(email)
    for (const path of [
      '/reset-password',
      '/verify-email',
      '/confirm-email',
      '/undo-email-change',
    ]) {
      const answer = await browser.get(`${path}?token=${token}`)
      expectGuardedPage(answer)
      // Nothing that a browser loads or goes to has it in its address, except the page itself.
      const text = answer.text.replaceAll(`href="${path}?token=`, '')
      expect(text).not.toMatch(new RegExp(`(?:href|src|action)="[^"]*${token.slice(0, 36)}`))
      expect(JSON.stringify([...answer.headers])).not.toContain(token.slice(0, 36))
    }
  })
})

test('what is public may be kept: the style sheet under its own address, keys', async () => {
  const { text } = await openBrowser().get('/login')
  const address = /href="(\/pages\.css\?v=\w+)"/.exec(text)?.[1] ?? ''
  const sheet = await openBrowser().get(address)
  expectGuardedPage(sheet, 'public, max-age=31536000, immutable')
  expectGuarded(await createClient().get('/.well-known/jwks.json'), '/.well-known/jwks.json')
})

test('a page with a challenge allows that of Turnstile besides, and is guarded as any', async () => {
  const { email } = await signUpPerson(createClient())
  const vars = { TURNSTILE_SECRET: 'secret', TURNSTILE_SITE_KEY: 'site' }
  const browser = openBrowser({ vars })
  let answer = await browser.submit('/login', { email, password: 'wrong' })
  for (let again = 0; again < 8 && !answer.text.includes('turnstile'); again++) {
    answer = await browser.submit('/login', { email, password: 'wrong' })
  }
  const policy = answer.headers.get('Content-Security-Policy') ?? ''
  expect(policy).toMatch(
    /^default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'self'; script-src \S+; frame-src \S+$/,
  )
  const without = policy.replace(/; script-src.*/, '')
  answer.headers.set('Content-Security-Policy', without)
  expectGuardedPage(answer)
})

describe('cookies', () => {
  const TOKEN = String.raw`[\w-]+\.[\w-]+\.[\w-]+`
  const ENDING = '; Path=/; HttpOnly; Secure; SameSite=Strict'
  const SET = {
    refresh: new RegExp(`^__Host-refresh_token=${TOKEN}; Max-Age=604800${ENDING}$`),
    access: new RegExp(`^__Host-access_token=${TOKEN}; Max-Age=900${ENDING}$`),
    device: new RegExp(`^__Host-device=[\\w.-]+; Max-Age=15552000${ENDING}$`),
  }
  const DELETED = {
    refresh: `__Host-refresh_token=; Max-Age=0${ENDING}`,
    access: `__Host-access_token=; Max-Age=0${ENDING}`,
  }
  const api = createClient()

  function expectCookies(
    { headers }: Pick<Answer, 'headers'>,
    expected: readonly (RegExp | string)[],
  ) {
    const cookies = headers.getSetCookie()
    expect(cookies).toHaveLength(expected.length)
    for (const [index, form] of expected.entries()) expect(cookies[index]).toMatch(form)
    for (const cookie of cookies) {
      // RFC 6265bis §5.6: what a browser takes of a name and a value; and a deletion is not by a prefix alone.
      expect((cookie.split(';')[0] ?? '').length).toBeLessThanOrEqual(4096)
      if (cookie.includes('Max-Age=0')) expect(expected).toContain(cookie)
    }
  }

  async function asScript(path: string, browser: Browser, body: object = {}) {
    return api.post(path, { body, headers: { Origin: ORIGIN, Cookie: cookiesOf(browser) } })
  }

  test('of pages: signup, login, a view that refreshes', async () => {
    const { browser, email, answer } = await signUpInBrowser()
    expectCookies(answer, [SET.refresh, SET.access, SET.device])
    const login = await openBrowser().submit('/login', { email, password: PASSWORD })
    expectCookies(login, [SET.refresh, SET.access, SET.device])
    browser.jar.delete('__Host-access_token')
    expectCookies(await browser.get('/account'), [SET.refresh, SET.access])
    expectCookies(await browser.get('/account'), [])
  })

  test('of pages: logout and deletion take back both', async () => {
    const { browser } = await signUpInBrowser()
    expectCookies(await browser.submit('/logout'), [DELETED.refresh, DELETED.access])
    const other = (await signUpInBrowser()).browser
    const gone = await other.submit('/account/delete', { password: PASSWORD })
    expectCookies(gone, [DELETED.refresh, DELETED.access])
  })

  test('of the API: signup, login, refresh; the pages’ own is taken back, and both at logout', async () => {
    const transport = 'cookie'
    const nobody = openBrowser()
    const person = { email: newEmail(), password: PASSWORD, transport }
    expectCookies(await asScript('/auth/signup', nobody, person), [SET.refresh, SET.device])
    expectCookies(await asScript('/auth/login', nobody, person), [SET.refresh, SET.device])
    const { browser } = await signUpInBrowser()
    expectCookies(await asScript('/auth/refresh', browser), [SET.refresh, DELETED.access])
    expectCookies(await asScript('/auth/logout', browser), [DELETED.refresh, DELETED.access])
    expectCookies(await asScript('/auth/login', nobody, { ...person, transport: 'body' }), [])
  })
})
