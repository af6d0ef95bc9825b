import { describe, expect, test } from 'vitest'
import { grantRoles, insertRole } from '../../platform/administrators'
import { createClient } from '../../platform/client'
import { mailsTo } from '../../platform/mails'
import { type Browser, ledTo, openBrowser, signUpInBrowser } from '../../platform/page-browser'
import { PASSWORD, signUpPerson } from '../../platform/people'
import { row, rows, sessionRows } from '../../platform/records'

async function administrator(...roles: readonly string[]) {
  const person = await signUpInBrowser()
  await grantRoles(person.userId, ...roles)
  return person
}

const rolesOf = async (userId: string) =>
  (
    await rows(
      `select roles.name from user_roles join roles on roles.id = role_id
        where user_id = ? order by roles.name`,
      userId,
    )
  ).map(({ name }) => name)

const links = async (browser: Browser, path: string) =>
  [...(await browser.get(path)).text.matchAll(/href="(\/console[^"]*)"/g)].map(([, to]) => to)

describe('by permission', () => {
  test('none: every page of it is a 403 page, no link leads there, and nothing is done', async () => {
    const { browser } = await signUpInBrowser()
    const { userId } = await signUpPerson(createClient())
    expect(await links(browser, '/account')).toEqual([])
    for (const path of [
      '/console',
      '/console/users',
      '/console/roles',
      '/console/audit',
      `/console/users/${userId}`,
      `/console/users/${userId}/disable`,
    ]) {
      const answer = await browser.get(path)
      expect(answer.status, path).toBe(403)
      expect(answer.text).toContain('does not hold the permission')
    }
    for (const action of ['disable', 'enable', 'end-sessions', 'force-password-reset', 'roles']) {
      const answer = await browser.submit(`/console/users/${userId}/${action}`, { roles: 'admin' })
      expect(answer.status, action).toBe(403)
    }
    expect(await row('select is_active from users where id = ?', userId)).toEqual({ is_active: 1 })
    expect(await rolesOf(userId)).toEqual(['user'])
  })

  test('one: its section alone, at once', async () => {
    const { browser } = await administrator((await insertRole('roles:read')).name)
    expect(ledTo(await browser.get('/console'))).toBe('303 /console/roles')
    expect(await links(browser, '/console/roles')).toEqual(['/console', '/console/roles'])
    expect((await browser.get('/console/users')).status).toBe(403)
  })

  test('to read users is not to change them', async () => {
    const { browser } = await administrator('analyst')
    const { userId } = await signUpPerson(createClient())
    const { text } = await browser.get(`/console/users/${userId}`)
    expect(text).not.toMatch(/\/disable|type="checkbox"/)
    const answer = await browser.submit(`/console/users/${userId}/disable`)
    expect(answer.status).toBe(403)
  })
})

describe('users', () => {
  test('are found by what the email begins with, page by page', async () => {
    const { browser } = await administrator('admin')
    const prefix = `find-${crypto.randomUUID()}`

    for (let nth = 0; nth < 51; nth++) {
      const id = crypto.randomUUID()
      const email = `${prefix}-${String(nth).padStart(2, '0')}@example.com`
      await rows(
        `insert into users (id, email, email_normalized, is_active, auth_epoch, created_at, updated_at)
          values (?, ?, ?, 1, 1, 0, 0)`,
        id,
        email,
        email,
      )
    }
    const first = await browser.get(`/console/users?email=${prefix}`)
    expect(first.text).toContain(`${prefix}-49@`)
    expect(first.text).not.toContain(`${prefix}-50@`)
    const next = /href="(\/console\/users\?[^"]*cursor=[^"]*)"/.exec(first.text)?.[1] ?? ''
    const second = await browser.get(next.replaceAll('&amp;', '&'))
    expect(second.text).toContain(`${prefix}-50@`)
    expect(second.text).not.toContain(`${prefix}-49@`)
  })

  test('a filter that is none is said at its field', async () => {
    const { browser } = await administrator('admin')
    const answer = await browser.get('/console/users?role=No%20Role')
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('Role must be lower-case letters')
    expect((await browser.get('/console/audit?from=soon')).status).toBe(400)
    expect((await browser.get('/console/users?cursor=junk')).status).toBe(400)
  })

  test('who does not exist is a page', async () => {
    const { browser } = await administrator('admin')
    const answer = await browser.get('/console/users/nobody')
    expect(answer.status).toBe(404)
    expect(answer.text).toContain('There is no user with this id.')
  })
})

describe('one user', () => {
  test('their sessions, and what has markup in it as text', async () => {
    const { browser } = await administrator('admin')
    const shown = await signUpInBrowser({ userAgent: '<i>odd</i>', ip: '192.0.2.77' })
    const { text } = await browser.get(`/console/users/${shown.userId}`)
    expect(text).toContain('&lt;i&gt;odd&lt;/i&gt;')
    expect(text).toContain('192.0.2.77')
    await shown.browser.submit('/logout')
    expect((await browser.get(`/console/users/${shown.userId}`)).text).not.toContain('192.0.2.77')
  })

  test('is asked about before it is disabled, then enabled', async () => {
    const { browser } = await administrator('admin')
    const { userId, email } = await signUpPerson(createClient())
    const path = `/console/users/${userId}`
    const asked = await browser.get(`${path}/disable`)
    expect(asked.text).toContain(email)
    expect(await row('select is_active from users where id = ?', userId)).toEqual({ is_active: 1 })
    expect(ledTo(await browser.submit(`${path}/disable`))).toBe(`303 ${path}?done=user_disabled`)
    expect(await sessionRows(userId)).toMatchObject([{ revoked_reason: 'user_disabled' }])
    expect(await links(browser, path)).toContain(`${path}/enable`)
    expect(ledTo(await browser.submit(`${path}/enable`))).toBe(`303 ${path}?done=user_enabled`)
    expect(await row('select is_active from users where id = ?', userId)).toEqual({ is_active: 1 })
    expect((await browser.get(`${path}/explode`)).status).toBe(404)
  })

  test('all sessions end; the password is taken away', async () => {
    const { browser } = await administrator('admin')
    const { userId, email } = await signUpPerson(createClient())
    const path = `/console/users/${userId}`
    await browser.submit(`${path}/end-sessions`)
    expect(await sessionRows(userId)).toMatchObject([{ revoked_reason: 'ended_by_administrator' }])
    await browser.submit(`${path}/force-password-reset`)
    expect(mailsTo(email)).toHaveLength(1)
    const login = { email, password: PASSWORD }
    expect((await openBrowser().submit('/login', login)).status).toBe(401)
  })

  test('roles: set, all taken, and beyond one’s own reach', async () => {
    const { browser } = await administrator('admin')
    const { userId } = await signUpPerson(createClient())
    const path = `/console/users/${userId}`
    const { text } = await browser.get(path)
    expect(text).toMatch(/value="user" checked=""/)
    const chosen = [
      ['roles', 'analyst'],
      ['roles', 'user'],
    ] as const
    expect(ledTo(await browser.submit(`${path}/roles`, chosen))).toBe(
      `303 ${path}?done=roles_changed`,
    )
    expect(await rolesOf(userId)).toEqual(['analyst', 'user'])
    const lesser = await administrator(
      (await insertRole('users:read', 'users:write', 'roles:read')).name,
    )
    const target = await signUpPerson(createClient())
    const beyond = await lesser.browser.submit(`/console/users/${target.userId}/roles`, {
      roles: 'admin',
    })
    expect(beyond.status).toBe(403)
    expect(beyond.text).toContain('a permission you do not hold')
    expect(beyond.text).toMatch(/value="admin" checked=""/)
    await browser.submit(`${path}/roles`)
    expect(await rolesOf(userId)).toEqual([])
  })
})

test('the audit trail, by type, outcome and person', async () => {
  const { browser } = await administrator('admin')
  const person = await signUpPerson(createClient())
  await openBrowser().submit('/login', { email: person.email, password: 'wrong' })
  const shown = await browser.get(`/console/audit?user=${person.userId}`)
  expect(shown.text).toContain('user_signed_up')
  expect(shown.text).toContain('reason: wrong_password')
  const failed = await browser.get(`/console/audit?user=${person.userId}&outcome=failure`)
  expect(failed.text).not.toContain('user_signed_up')
  expect(failed.text).toContain('login_failed')
  const ofDay = await browser.get(`/console/audit?user=${person.userId}&to=2026-11-01`)
  expect(ofDay.text).toContain('No events.')
})
