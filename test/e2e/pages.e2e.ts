import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { fill, inspect, press, startChromium } from './chromium.ts'
import { startServer } from './server.ts'

// The hosted pages, as a person uses them.

const PASSWORD = 'correct horse battery staple'
const ADMIN = path.join(import.meta.dirname, '../../scripts/admin.ts')

let server: Awaited<ReturnType<typeof startServer>>
let chromium: Awaited<ReturnType<typeof startChromium>>
before(async () => {
  server = await startServer({ EMAIL_VERIFICATION: 'required' })
  chromium = await startChromium(server.origin)
})
after(async () => {
  await chromium?.stop()
  await server?.stop()
})

let people = 0
const newEmail = () => `person-${++people}@example.com`

/** Where the last mail leads, on this server. Without a sender each mail is a line of the log. */
async function mailedPath(subject: string, since: number): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const lines = server.output().slice(since).split('\n')
    const mail = lines.findLast((line) => line.includes('"event":"mail"') && line.includes(subject))
    const link = /http:\/\/127\.0\.0\.1:8787(\/[^\s\\"]+)/.exec(mail ?? '')?.[1]
    if (link) return link
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`no mail "${subject}":\n${server.output()}`)
}

async function signUp(page: Page, email: string): Promise<void> {
  const since = server.output().length
  await page.goto('/signup')
  await fill(page, { Email: email, Password: PASSWORD })
  await press(page, 'Create the account')
  assert.equal(await page.locator('h1').textContent(), 'Look into your mail')
  await page.goto(await mailedPath('Confirm your email', since))
  await fill(page, { Password: PASSWORD })
  await press(page, 'Confirm my email')
  await page.getByText('Your email is confirmed.').waitFor()
}

async function logIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  if (!page.url().includes('/login')) await page.goto('/login')
  await fill(page, { Email: email, Password: password })
  await press(page, 'Log in')
}

async function newPerson(): Promise<{ page: Page; email: string }> {
  const page = await chromium.open()
  const email = newEmail()
  await signUp(page, email)
  await logIn(page, email)
  return { page, email }
}

const heading = (page: Page) => page.locator('h1').textContent()
const pathOf = (page: Page) => page.url().replace(server.origin, '')

for (const javaScriptEnabled of [true, false]) {
  describe(`with${javaScriptEnabled ? '' : 'out'} JavaScript`, () => {
    test('sign up, verify, a wrong password, log in, log out', async () => {
      const page = await chromium.open({ javaScriptEnabled })
      const email = newEmail()
      await signUp(page, email)
      await page.goto('/account')
      assert.equal(pathOf(page), '/login?next=%2Faccount')
      await logIn(page, email, 'not the password')
      assert.match(await page.getByRole('alert').innerText(), /email or the password is wrong/)
      assert.equal(await page.getByLabel('Email').inputValue(), email)
      await logIn(page, email)
      assert.equal(pathOf(page), '/account')
      await page.getByText(email).first().waitFor()
      await press(page, 'Log out')
      await page.getByText('You are logged out.').waitFor()
      await page.goto('/account')
      assert.equal(pathOf(page), '/login?next=%2Faccount')
    })

    test('forget the password, and choose another', async () => {
      const page = await chromium.open({ javaScriptEnabled })
      const email = newEmail()
      await signUp(page, email)
      const since = server.output().length
      await page.getByRole('link', { name: 'Forgot your password?' }).click()
      await fill(page, { Email: email })
      await press(page, 'Mail me a link')
      await page.getByText('If there is an account with this email').waitFor()
      await page.goto(await mailedPath('Choose a new password', since))
      await fill(page, { 'New password': 'password' })
      await press(page, 'Change the password')
      assert.match(await page.getByRole('alert').innerText(), /most common passwords/)
      assert.equal(await page.locator(':focus').getAttribute('name'), 'new_password')
      const next = 'another horse, another battery'
      await fill(page, { 'New password': next })
      await press(page, 'Change the password')
      await page.getByText('Your password is changed.').waitFor()
      await logIn(page, email, next)
      assert.equal(await heading(page), 'Your account')
    })

    test('see the sessions, and end another', async () => {
      const { page, email } = await newPerson()
      const other = await chromium.open({ javaScriptEnabled })
      await logIn(other, email)
      await press(other, 'End this one')
      await other.getByText('The session has ended.').waitFor()
      assert.equal(await other.getByRole('button', { name: 'End this one' }).count(), 0)
      await page.reload()
      assert.equal(pathOf(page), '/login?next=%2Faccount')
    })
  })
}

test('the token of a mailed link is said to nothing that its page asks for, and its form is ours', async () => {
  const page = await chromium.open()
  const asked: Promise<[string, Record<string, string>]>[] = []
  page.on('request', (request) => {
    asked.push(request.allHeaders().then((headers) => [request.url(), headers]))
  })
  await page.goto('/reset-password?token=secret-token')
  await fill(page, { 'New password': 'another horse, another battery' })
  await press(page, 'Change the password')
  assert.match(await page.getByRole('alert').innerText(), /not good any more/)
  const sent = await Promise.all(asked)
  const sheet = sent.find(([url]) => url.includes('/pages.css'))
  assert.equal(sheet?.[1]['referer'], `${server.origin}/`)
  for (const [url, headers] of sent) {
    assert.ok(!JSON.stringify(headers).includes('secret-token'), `${url}: ${headers['referer']}`)
  }
})

test('two tabs whose access token is over refresh at once, and both go on', async () => {
  const { page, email } = await newPerson()
  const context = page.context()
  const tab = await context.newPage()
  const refreshToken = async () =>
    (await context.cookies()).find(({ name }) => name === '__Host-refresh_token')?.value
  const first = await refreshToken()
  await context.clearCookies({ name: '__Host-access_token' })
  await Promise.all([page.goto('/account'), tab.goto('/account')])
  for (const each of [page, tab]) await each.getByText(email).first().waitFor()
  assert.notEqual(await refreshToken(), first)
  await context.clearCookies({ name: '__Host-access_token' })
  await tab.reload()
  assert.equal(await heading(tab), 'Your account')
})

test('a link on another site leads to the account of who is logged in', async () => {
  const { page } = await newPerson()
  await page.route('http://elsewhere.example/', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<a href="${server.origin}/account">there</a>`,
    }),
  )
  await page.goto('http://elsewhere.example/')
  await page.getByRole('link').click()
  await page.getByRole('heading', { name: 'Your account' }).waitFor()
})

test('a form on another site does nothing', async () => {
  const { page } = await newPerson()
  await page.route('http://elsewhere.example/', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<form method="post" action="${server.origin}/logout"><button>Win</button></form>`,
    }),
  )
  await page.goto('http://elsewhere.example/')
  await press(page, 'Win')
  assert.equal(await heading(page), 'Origin not allowed')
  await page.goto('/account')
  assert.equal(await heading(page), 'Your account')
})

test('a password manager is led to where the password is changed', async () => {
  const { page } = await newPerson()
  await page.goto('/.well-known/change-password')
  assert.equal(pathOf(page), '/account#password')
})

test('the console is for who may, and every page is fit to be seen', async () => {
  const { page, email } = await newPerson()
  const person = await newPerson()
  await page.goto('/console')
  assert.equal(await heading(page), 'Permission denied')
  await inspect(page, 'permission-denied')
  const command = [ADMIN, 'grant', email, '--persist-to', server.state]
  const [code] = await once(spawn(process.execPath, command), 'close')
  assert.equal(code, 0)

  await page.goto('/console')
  assert.equal(await heading(page), 'Users')
  await inspect(page, 'console-users')
  await page.getByRole('link', { name: person.email }).click()
  assert.equal(await heading(page), person.email)
  await inspect(page, 'console-user')
  await page.getByLabel('analyst').check()
  await press(page, 'Save the roles')
  await page.getByText('The roles are changed.').waitFor()
  await page.getByRole('link', { name: 'Disable the account' }).click()
  await inspect(page, 'console-disable')
  await press(page, 'Disable the account')
  await page.getByText('The account is disabled').waitFor()
  await person.page.reload()
  assert.equal(pathOf(person.page), '/login?next=%2Faccount')
  await page.getByRole('link', { name: 'Roles', exact: true }).click()
  await inspect(page, 'console-roles')
  await page.getByRole('link', { name: 'Audit trail' }).click()
  await page.getByRole('cell', { name: /user_disabled/ }).waitFor()
  await inspect(page, 'console-audit')
})

test('every other page is fit to be seen', async () => {
  const { page, email } = await newPerson()
  const other = await chromium.open()
  await logIn(other, email)
  await page.reload()
  await inspect(page, 'account')
  await fill(page, { 'Current password': 'not it', 'New password': 'short' })
  await press(page, 'Change the password')
  await inspect(page, 'account-refused')
  await page.goto('/account/api-keys')
  await inspect(page, 'api-keys')
  await press(page, 'Make the key')
  await inspect(page, 'api-keys-refused')
  await fill(page, { Name: 'Backup', Password: PASSWORD })
  await press(page, 'Make the key')
  await page.getByText('It will not be shown again.').waitFor()
  await inspect(page, 'api-key-made')
  await page.goto('/account')
  await inspect(page, 'account-with-key')
  for (const [name, address] of [
    ['login', '/login'],
    ['login-notice', '/login?done=reset_mailed'],
    ['signup', '/signup'],
    ['forgot-password', '/forgot-password'],
    ['reset-password', '/reset-password?token=x'],
    ['reset-password-incomplete', '/reset-password'],
    ['verify-email', '/verify-email?token=x'],
    ['verify-email-resend', '/verify-email'],
    ['verify-email-mailed', '/verify-email?mailed'],
    ['verify-email-choose', '/verify-email?token=x&choose'],
    ['confirm-email', '/confirm-email?token=x'],
    ['confirm-email-choose', '/confirm-email?token=x&choose'],
    ['undo-email-change', '/undo-email-change?token=x'],
    ['logout', '/logout'],
    ['not-found', '/console/nowhere'],
  ] as const) {
    await page.goto(address)
    await inspect(page, name)
  }
  await page.goto('/signup')
  await press(page, 'Create the account')
  await inspect(page, 'signup-refused')
  await page.goto('/verify-email?token=x')
  await press(page, 'Confirm my email')
  await inspect(page, 'verify-email-refused')
})

test('the keyboard is enough', async () => {
  const email = newEmail()
  const page = await chromium.open()
  await signUp(page, email)
  await page.goto('/login')
  const keys = ['Tab', 'Tab', 'Tab', email, 'Tab', PASSWORD, 'Enter']
  for (const key of keys) {
    if (/^[A-Z][a-z]+$/.test(key)) await page.keyboard.press(key)
    else await page.keyboard.type(key)
  }
  await page.getByRole('heading', { name: 'Your account' }).waitFor()
})
