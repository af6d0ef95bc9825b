import { describe, expect, test } from 'vitest'
import { signUpHolder, signUpWith } from '../../platform/administrators'
import { createClient, refusal } from '../../platform/client'
import { signUpPerson } from '../../platform/people'
import { row, rows } from '../../platform/records'

const client = createClient()

describe('nobody exceeds what they hold', () => {
  test('a role with a permission that the actor lacks is not granted, to others or oneself', async () => {
    const helper = await signUpWith('users:read', 'users:write')
    const { userId } = await signUpPerson(client)
    for (const target of [userId, helper.userId]) {
      const path = `/admin/users/${target}/roles`
      for (const role of ['analyst', 'admin']) {
        const body = { roles: ['user', helper.role.name, role] }
        expect(refusal(await client.put(path, { token: helper.token, body }))).toBe(
          '403 exceeds_own_permissions',
        )
      }
      const body = { roles: ['user', helper.role.name] }
      expect((await client.put(path, { token: helper.token, body })).status).toBe(200)
    }
  })

  test('an account that holds a permission which the actor lacks is not touched', async () => {
    const helper = await signUpWith('users:read', 'users:write')
    const analyst = await signUpHolder('analyst')
    const before = await row('select * from users where id = ?', analyst.userId)
    const acts: [string, string, unknown?][] = [
      ['PATCH', '', { name: 'Other' }],
      ['PUT', '/roles', { roles: ['user'] }],
      ['POST', '/enable'],
      ['POST', '/disable'],
      ['DELETE', '/sessions'],
      ['POST', '/force-password-reset'],
    ]
    for (const [method, suffix, body] of acts) {
      const path = `/admin/users/${analyst.userId}${suffix}`
      const answer = await client.send(method, path, {
        token: helper.token,
        ...(body !== undefined && { body }),
      })
      expect(refusal(answer), suffix).toBe('403 exceeds_own_permissions')
    }
    expect(await row('select * from users where id = ?', analyst.userId)).toEqual(before)
    expect((await client.get('/auth/me', { token: analyst.token })).status).toBe(200)
    const denied = await rows(
      `select subject_id, subject_personal from audit_events
        where actor_id = ? and type = 'permission_denied'`,
      helper.userId,
    )
    const details = denied.map(
      ({ subject_personal }) => JSON.parse(String(subject_personal)).detail,
    )
    const code = 'exceeds_own_permissions'
    expect(details).toEqual([
      { code, count: '1' },
      { code, count: '5' },
    ])
    for (const { subject_id } of denied) expect(subject_id).toBe(analyst.userId)
  })
})

describe('no such user', () => {
  test.each([
    ['GET', ''],
    ['PATCH', '', { name: 'x' }],
    ['PUT', '/roles', { roles: [] }],
    ['POST', '/disable'],
    ['POST', '/enable'],
    ['DELETE', '/sessions'],
    ['POST', '/force-password-reset'],
  ] as [string, string, unknown?][])('%s %s', async (method, suffix, body) => {
    const { token } = await signUpHolder('admin')
    const path = `/admin/users/01935000-0000-7000-8000-00000000ffff${suffix}`
    const answer = await client.send(method, path, { token, ...(body !== undefined && { body }) })
    expect(refusal(answer)).toBe('404 user_not_found')
  })
})
