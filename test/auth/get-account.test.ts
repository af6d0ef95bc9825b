import { describe, expect, test } from 'vitest'
import { createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { signUpPerson } from '../platform/people'
import { row } from '../platform/records'
import { testEndedSessions, testRefusals } from '../platform/refusals'

const client = createClient()

describe('GET /auth/me refuses', () => {
  testRefusals('GET', '/auth/me')
  testEndedSessions('GET', '/auth/me')
})

test('answers the user as D1 has it now, not as the token says', async () => {
  const { session, userId, email } = await signUpPerson(client)
  await row(`update users set name = 'Renamed' where id = ? returning id`, userId)
  await row(
    `insert into user_roles (user_id, role_id, granted_at)
      values (?, (select id from roles where name = 'analyst'), 0) returning user_id`,
    userId,
  )
  const { body } = await client.get('/auth/me', { token: session.access_token })
  expect(body).toEqual({
    id: userId,
    email,
    name: 'Renamed',
    is_active: true,
    email_verified: false,
    roles: ['analyst', 'user'],
    permissions: ['audit_events:read', 'roles:read', 'users:read'],
    created_at: '2026-11-01T12:00:00.000Z',
    last_login_at: null,
  })
})

test('a token outlives its session nowhere: idle for too long is over', async () => {
  const vars = { AUTH_REFRESH_TTL: '900', AUTH_ACCESS_TTL: '900' }
  const impatient = createClient({ vars })
  const { session, userId } = await signUpPerson(impatient)
  await row(
    'update user_sessions set last_used_at = last_used_at - 300000 where user_id = ? returning id',
    userId,
  )
  advanceSeconds(600)
  const answer = await impatient.get('/auth/me', { token: session.access_token })
  expect(answer.status).toBe(401)
})
