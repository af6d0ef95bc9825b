import { expect, test } from 'vitest'
import { signUpWith } from '../../platform/administrators'
import { createClient } from '../../platform/client'
import { type Browser, ledTo, openBrowser, signUpInBrowser } from '../../platform/page-browser'
import { PASSWORD, signUpPerson } from '../../platform/people'
import { sessionRows } from '../../platform/records'

// Somebody else logs in in another tab, and a form that an open page still shows is sent.

async function shownTo(browser: Browser, path: string, action: string): Promise<string> {
  const { text } = await browser.get(path)
  const form = text.split('<form ').find((part) => part.includes(`action="${action}"`)) ?? ''
  return /name="shown_to" value="([^"]+)"/.exec(form)?.[1] ?? ''
}

test.each([
  ['/account/name', { name: 'Meant for another' }],
  ['/account/password', { current_password: PASSWORD, new_password: 'another horse, another' }],
  ['/account/email', { password: PASSWORD, new_email: 'meant@example.com' }],
  ['/account/delete', { password: PASSWORD }],
  ['/account/sessions/others', {}],
])('%s does nothing to whom its page did not show', async (action, fields) => {
  const { browser, email, userId } = await signUpInBrowser()
  for (const each of [openBrowser(), browser]) {
    await each.submit('/login', { email, password: PASSWORD })
  }
  const shown_to = await shownTo(browser, '/account', action)
  expect(shown_to).toBe(userId)
  const other = await signUpPerson(createClient())
  await browser.submit('/login', { email: other.email, password: PASSWORD })
  const answer = await browser.submit(action, { ...fields, shown_to })
  expect(ledTo(answer)).toBe('303 /login?next=%2Faccount')
  const { text } = await browser.get('/account')
  expect(text).toContain(other.email)
  expect(text).not.toContain('Meant')
  const live = (await sessionRows(other.userId)).filter(({ revoked_reason }) => !revoked_reason)
  expect(live).toHaveLength(2)
})

test('a form of the one who is logged in does what it says', async () => {
  const { browser } = await signUpInBrowser()
  const shown_to = await shownTo(browser, '/account', '/account/name')
  const answer = await browser.submit('/account/name', { name: 'Mine', shown_to })
  expect(ledTo(answer)).toBe('303 /account?done=name_changed')
})

test.each(['disable', 'roles'])('the console: %s', async (action) => {
  const subject = await signUpPerson(createClient())
  const permissions = ['users:read', 'users:write', 'roles:read']
  const [one, other] = [await signUpWith(...permissions), await signUpWith(...permissions)]
  const browser = openBrowser()
  await browser.submit('/login', { email: one.email, password: PASSWORD })
  const page = `/console/users/${subject.userId}`
  const path = `${page}/${action}`
  const shown_to = await shownTo(browser, action === 'roles' ? page : path, path)
  expect(shown_to).toBe(one.userId)
  await browser.submit('/login', { email: other.email, password: PASSWORD })
  expect(ledTo(await browser.submit(path, { shown_to }))).toBe('303 /login?next=%2Fconsole')
  const done = await browser.submit(path, { shown_to: other.userId })
  expect(ledTo(done)).toContain(`303 ${page}?done=`)
})
