import { describe, expect, test } from 'vitest'
import { grantRoles } from '../platform/administrators'
import { newKey, withKey } from '../platform/api-keys'
import { createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { ledTo, openBrowser, signUpInBrowser } from '../platform/page-browser'
import { logInAgain, PASSWORD, signUpPerson } from '../platform/people'
import { rows } from '../platform/records'

// Whoever looks at their account sees the keys that act for them, makes keys, and revokes them.

const KEYS = '/account/api-keys'
const client = createClient()

const me = (key: string) => client.get('/auth/me', withKey(key))
const keysOf = (userId: string) =>
  rows('select name, permissions, expires_at, revoked_at from api_keys where user_id = ?', userId)
const keyIn = (text: string) => /<code>(ghk_[0-9a-f_]+)<\/code>/.exec(text)?.[1] ?? ''

/** Somebody in a browser, with a key that was made by the API. */
async function withKeyOfApi() {
  const { browser, email, userId } = await signUpInBrowser()
  const { access_token } = await logInAgain(client, { email, password: PASSWORD })
  return { browser, email, userId, ...(await newKey(access_token)) }
}

test('the account shows a key that was made by the API, and what ends it', async () => {
  const { browser, id } = await withKeyOfApi()
  for (const path of ['/account', KEYS]) {
    const { text } = await browser.get(path)
    expect(text, path).toContain('Nightly report')
    expect(text).toContain('2027-01-30 12:00 UTC')
    expect(text).toContain(`action="${KEYS}/${id}"`)
  }
})

test('nobody sees them who is not logged in', async () => {
  expect(ledTo(await openBrowser().get(KEYS))).toBe('303 /login?next=%2Faccount%2Fapi-keys')
})

describe('making one', () => {
  test('it is shown in the answer and nowhere else, and works', async () => {
    const { browser, userId } = await signUpInBrowser()
    await grantRoles(userId, 'analyst')
    expect((await browser.get(KEYS)).text).toContain('value="users:read"')
    // The form takes the password, however old the login is.
    advanceSeconds(600)
    const made = await browser.submit(KEYS, [
      ['name', 'Backup'],
      ['permissions', 'users:read'],
      ['permissions', 'roles:read'],
      ['expires_at', '2026-12-24'],
      ['password', PASSWORD],
    ])
    expect(made.status).toBe(201)
    expect(made.headers.get('Cache-Control')).toBe('no-store')
    const key = keyIn(made.text)
    expect((await me(key)).body).toMatchObject({ permissions: ['roles:read', 'users:read'] })
    expect(await keysOf(userId)).toEqual([
      {
        name: 'Backup',
        permissions: '["roles:read","users:read"]',
        expires_at: Date.parse('2026-12-24T00:00:00Z'),
        revoked_at: null,
      },
    ])
    const { text } = await browser.get(KEYS)
    expect(text).toContain('Backup')
    expect(text).not.toContain(key)
  })

  test('without a day and permissions it ends after 90 days and has none', async () => {
    const { browser, userId } = await signUpInBrowser()
    const fields = { name: 'x', expires_at: '', password: PASSWORD }
    expect((await browser.submit(KEYS, fields)).status).toBe(201)
    expect(await keysOf(userId)).toMatchObject([
      { permissions: '[]', expires_at: Date.now() + 90 * 86_400_000 },
    ])
  })

  test.each([
    [{ name: 'x', password: '' }, 400, 'Password must not be empty.'],
    [{ name: '', password: PASSWORD }, 400, 'Name must not be empty.'],
    [{ name: 'x', password: 'not it' }, 403, 'Password is wrong.'],
    [
      { name: 'x', expires_at: '2026-10-01', password: PASSWORD },
      400,
      'End must be in the future.',
    ],
    [
      { name: 'x', expires_at: '2027-11-02', password: PASSWORD },
      400,
      'End must be within a year.',
    ],
    [{ name: 'x', expires_at: 'soon', password: PASSWORD }, 400, 'End must be a time'],
    [
      { name: 'x', permissions: 'users:read', password: PASSWORD },
      403,
      'a permission you do not hold',
    ],
  ])('%j: %d, and none is made', async (fields, status, sentence) => {
    const { browser, userId } = await signUpInBrowser()
    const answer = await browser.submit(KEYS, fields)
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(sentence)
    expect(answer.text).not.toContain(PASSWORD)
    expect(await keysOf(userId)).toEqual([])
  })

  test('not by a form of another site, nor by one that was shown to another', async () => {
    const { browser, userId } = await signUpInBrowser()
    const fields = { name: 'x', password: PASSWORD }
    const foreign = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }
    expect((await browser.submit(KEYS, fields, foreign)).status).toBe(403)
    const other = await signUpPerson(client)
    const shown = await browser.submit(KEYS, { ...fields, shown_to: other.userId })
    expect(shown.status).toBe(303)
    expect(await keysOf(userId)).toEqual([])
  })

  test('names with markup are text', async () => {
    const { browser } = await signUpInBrowser()
    await browser.submit(KEYS, { name: '<script>x</script>', password: PASSWORD })
    const { text } = await browser.get(KEYS)
    expect(text).toContain('&lt;script&gt;x&lt;/script&gt;')
    expect(text).not.toContain('<script')
  })
})

describe('revoking one', () => {
  test('its next use is refused; again, it is as asked', async () => {
    const { browser, id, key } = await withKeyOfApi()
    for (let time = 0; time < 2; time++) {
      expect(ledTo(await browser.submit(`${KEYS}/${id}`))).toBe(`303 ${KEYS}?done=api_key_revoked`)
    }
    expect(refusal(await me(key))).toBe('401 invalid_api_key')
    expect((await browser.get(KEYS)).text).not.toContain('Nightly report')
  })

  test('not by a stranger', async () => {
    const { id, key } = await withKeyOfApi()
    const stranger = await signUpInBrowser()
    await stranger.browser.submit(`${KEYS}/${id}`)
    expect((await me(key)).status).toBe(200)
  })
})

describe('what ends sessions asks whether to keep keys', () => {
  const FORMS = {
    '/account/password': { current_password: PASSWORD, new_password: 'another horse, another one' },
    '/account/sessions/others': {},
  }

  test.each(Object.entries(FORMS))('%s', async (path, fields) => {
    const { browser, email, key } = await withKeyOfApi()
    await openBrowser().submit('/login', { email, password: PASSWORD })
    expect((await browser.get('/account')).text.match(/name="keep_api_keys"/g)).toHaveLength(2)
    expect((await browser.submit(path, { ...fields, keep_api_keys: 'true' })).status).toBe(303)
    expect((await me(key)).status).toBe(200)
  })

  test.each(Object.entries(FORMS))('%s, where the box is left empty', async (path, fields) => {
    const { browser, key } = await withKeyOfApi()
    expect((await browser.submit(path, fields)).status).toBe(303)
    expect(refusal(await me(key))).toBe('401 invalid_api_key')
  })

  test('a user without keys is not asked', async () => {
    const { browser } = await signUpInBrowser()
    expect((await browser.get('/account')).text).not.toContain('keep_api_keys')
  })
})
