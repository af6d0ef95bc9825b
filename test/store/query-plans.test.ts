import { env } from 'cloudflare:workers'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { signUpHolder } from '../platform/administrators'
import { newKey, withKey } from '../platform/api-keys'
import { createClient, runScheduledJob } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo } from '../platform/mails'
import { logInAgain, newEmail, PASSWORD, refresh, signUpPerson } from '../platform/people'
import { rows } from '../platform/records'

/** Every statement that the service prepares, while what it stores stays where it is. */
function recording() {
  const statements = new Set<string>()
  const DB = new Proxy(env.DB, {
    get(target, name) {
      if (name === 'batch') return target.batch.bind(target)
      return (statement: string) => {
        statements.add(statement)
        return target.prepare(statement)
      }
    },
  })
  return { statements, DB }
}

// Constants, what a parameter lists, and what another line of the plan has already found by an index.
const SMALL = /^SCAN (?:CONSTANT ROW|json_each|\(subquery|\w+ VIRTUAL TABLE)/

/** Each operation under /admin, the lists by every filter. */
async function administer(client: ReturnType<typeof createClient>) {
  const { token } = await signUpHolder('admin')
  const { userId } = await signUpPerson(client)
  const user = `/admin/users/${userId}`
  const time = new Date().toISOString()
  for (const query of ['', `created_from=${time}`, `created_to=${time}`, 'status=disabled']) {
    await client.get(`/admin/users?${query}`, { token })
    await client.get(`/admin/users?email=person&${query}`, { token })
    await client.get(`/admin/users?role=admin&${query}`, { token })
    await client.get(`/admin/users?email=person&role=admin&${query}`, { token })
  }
  for (const query of [
    '',
    `user=${userId}`,
    `actor=${userId}`,
    'type=logged_out',
    `from=${time}`,
  ]) {
    await client.get(`/admin/audit-events?${query}`, { token })
    await client.get(`/admin/audit-events?${query}&outcome=failure&to=${time}`, { token })
  }
  await client.get('/admin/roles', { token })
  await client.get('/admin/permissions', { token })
  await client.get(user, { token })
  await client.post('/admin/users', { token, body: { email: newEmail() } })
  await client.patch(user, { token, body: { name: 'New' } })
  await client.put(`${user}/roles`, { token, body: { roles: ['analyst'] } })
  await client.post(`${user}/disable`, { token })
  await client.post(`${user}/enable`, { token })
  await client.delete(`${user}/sessions`, { token })
  await client.post(`${user}/force-password-reset`, { token })
  const created = await client.post('/admin/roles', { token, body: { name: 'plan' } })
  const role = `/admin/roles/${(created.body as { id: string }).id}`
  await client.patch(role, { token, body: { description: 'New' } })
  await client.put(`${role}/permissions`, { token, body: { permissions: ['users:read'] } })
  await client.delete(role, { token })
  const body = { name: 'plan:read' }
  const permission = await client.post('/admin/permissions', { token, body })
  await client.delete(`/admin/permissions/${(permission.body as { id: string }).id}`, { token })
}

/** The mails and links of an account, from its beginning to its end. */
async function liveAnAccount(client: ReturnType<typeof createClient>) {
  const { email, session } = await signUpPerson(client)
  const { access_token: token } = session
  const next = newEmail()
  const change = { password: PASSWORD, new_email: next }
  await client.patch('/auth/me', { token, body: { name: 'New' } })
  await client.post('/auth/verify-email/resend', { body: { email } })
  await client.post('/auth/verify-email', { token, body: { token: lastTokenTo(email) } })
  await client.post('/auth/change-email', { token, body: change })
  await client.post('/auth/change-email/confirm', { body: { token: lastTokenTo(next) } })
  await client.post('/auth/change-email/undo', { body: { token: lastTokenTo(email) } })
  await client.post('/auth/forgot-password', { body: { email } })
  const passwords = { current_password: 'The first of two', new_password: 'The second of two' }
  const reset = { token: lastTokenTo(email), new_password: passwords.current_password }
  await client.post('/auth/reset-password', { body: reset })
  const again = await logInAgain(client, { email, password: passwords.current_password })
  const mine = { token: again.access_token }
  await client.post('/auth/change-password', { ...mine, body: passwords })
  await client.get('/auth/me/export', mine)
  const key = await newKey(again.access_token, [], { by: client })
  await client.get('/auth/me', withKey(key.key))
  await client.get('/admin/users', withKey(key.key))
  await client.get('/auth/api-keys', mine)
  await client.delete(`/auth/api-keys/${key.id}`, mine)
  const left = await client.delete('/auth/me', {
    ...mine,
    body: { password: passwords.new_password },
  })
  expect(left.status).toBe(200)
}

test('no statement reads a whole table', async () => {
  const { statements, DB } = recording()
  const client = createClient({ vars: { DB } })
  const person = await signUpPerson(client)
  const { access_token: token, refresh_token } = person.session
  const other = await logInAgain(client, person)
  await client.post('/auth/login', { body: { ...person, password: 'wrong' } })
  await refresh(client, refresh_token)
  advanceSeconds(61)
  await client.get('/auth/me', { token })
  await client.get('/auth/sessions', { token })
  await client.delete(`/auth/sessions/${decodeJwt(other.access_token)['sid']}`, { token })
  await logInAgain(client, person)
  await client.delete('/auth/sessions', { token })
  await client.post('/auth/logout', { token })
  await administer(client)
  await liveAnAccount(client)
  await runScheduledJob(undefined, { DB })
  expect(statements.size).toBeGreaterThan(90)

  for (const statement of statements) {
    const values = Array.from(statement.matchAll(/\?/g), () => null)
    const plan = await rows(`explain query plan ${statement}`, ...values)
    const scans = plan.map(({ detail }) => String(detail)).filter((detail) => /^SCAN/.test(detail))
    const whole = scans.filter((detail) => !SMALL.test(detail))
    expect(whole, statement).toEqual([])
  }
})
