import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { getUser } from '../../src/auth/administration/get-user'
import { provideAuthContext } from '../../src/http/context'
import { factory } from '../../src/http/factory'
import { problem } from '../../src/http/problem'
import { refusalOf } from '../../src/http/refusal'
import { requestLog } from '../../src/http/request-log'
import { requirePermission, requireRole } from '../../src/http/require-permission'
import { presentUser } from '../../src/http/wire'
import { signUpHolder, signUpWith } from '../platform/administrators'
import { createClient } from '../platform/client'
import { signUpPerson } from '../platform/people'
import { rows } from '../platform/records'

// The two middlewares as a route of one's own would use them.

const app = factory.createApp()
app.onError((error, c) => problem(c, refusalOf(error, c)))
app.use(requestLog)
app.use(provideAuthContext)
app.get('/by-role', requireRole('analyst', 'admin'), async (c) =>
  c.json(presentUser(await getUser(c.var.auth, c.var.actor, c.var.actor.userId))),
)
app.get('/by-permission', requirePermission('reports:read'), async (c) =>
  c.json(presentUser(await getUser(c.var.auth, c.var.actor, c.var.actor.userId))),
)

async function call(path: string, token?: string) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {}
  const context = createExecutionContext()
  const bindings = {
    ...env,
    MAIL_FROM: 'auth@example.com',
    AUTH_SECRETS: 'test-only-secret-0123456789-abcdefghijklmnop',
  }
  const request = new Request(`http://127.0.0.1:8787${path}`, { headers })
  const { status } = await app.fetch(request, bindings, context)
  await waitOnExecutionContext(context)
  return status
}

describe('by role: any one of those named', () => {
  test.each([
    ['analyst', 200],
    ['admin', 200],
    ['user', 403],
  ])('%s: %d', async (role, status) => {
    const { token } = role === 'user' ? await signUpWith() : await signUpHolder(role)
    expect(await call('/by-role', token)).toBe(status)
  })

  test('a role taken away is refused at once', async () => {
    const { token, userId } = await signUpHolder('analyst')
    await rows('delete from user_roles where user_id = ?', userId)
    expect(await call('/by-role', token)).toBe(403)
  })

  test('nobody', async () => {
    expect(await call('/by-role')).toBe(401)
    expect(await call('/by-permission')).toBe(401)
  })
})

test('by permission: whatever role gives it, and admin only because its permissions do', async () => {
  const { token } = await signUpWith('reports:read')
  expect(await call('/by-permission', token)).toBe(200)
  const { session } = await signUpPerson(createClient())
  expect(await call('/by-permission', session.access_token)).toBe(403)
  // A permission made past the service, which has not given it to the admins.
  expect(await call('/by-permission', (await signUpHolder('admin')).token)).toBe(403)
})
