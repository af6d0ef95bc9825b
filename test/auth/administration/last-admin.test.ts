import { describe, expect, test } from 'vitest'
import { User } from '../../../src/http/wire'
import { insertRole, signUpHolder, withoutOtherAdmins } from '../../platform/administrators'
import { type Answer, createClient, refusal } from '../../platform/client'
import { newEmail } from '../../platform/people'
import { rows } from '../../platform/records'

const client = createClient()

const userOf = ({ status, body }: Answer) => {
  expect(status, JSON.stringify(body)).toBeLessThan(300)
  return User().parse(body)
}

describe('the last active admin', () => {
  test('is not disabled, demoted, by themselves or by another', async () => {
    const admin = await signUpHolder('admin')
    await withoutOtherAdmins(admin.userId)
    const role = await insertRole(
      'users:read',
      'users:write',
      'roles:read',
      'roles:write',
      'audit_events:read',
    )
    const peer = await signUpHolder(role.name)
    const path = `/admin/users/${admin.userId}`
    // What every admin holds and no role of the test gives.
    await rows(`delete from permissions where name not in
      ('users:read', 'users:write', 'roles:read', 'roles:write', 'audit_events:read')`)
    for (const token of [admin.token, peer.token]) {
      expect(refusal(await client.post(`${path}/disable`, { token }))).toBe('409 last_admin')
      const body = { roles: ['user'] }
      expect(refusal(await client.put(`${path}/roles`, { token, body }))).toBe('409 last_admin')
    }
    expect((await client.get('/admin/users', { token: admin.token })).status).toBe(200)

    const second = await signUpHolder('admin')
    expect((await client.post(`${path}/disable`, { token: second.token })).status).toBe(200)
    const own = `/admin/users/${second.userId}/roles`
    const answer = await client.put(own, { token: second.token, body: { roles: [] } })
    expect(refusal(answer)).toBe('409 last_admin')
    expect((await client.post(`${path}/enable`, { token: second.token })).status).toBe(200)
  })

  test('nor is their password taken', async () => {
    const { token, userId } = await signUpHolder('admin')
    await withoutOtherAdmins(userId)
    const path = `/admin/users/${userId}/force-password-reset`
    expect(refusal(await client.post(path, { token }))).toBe('409 last_admin')
    expect((await client.get('/admin/users', { token })).status).toBe(200)
    await signUpHolder('admin')
    expect((await client.post(path, { token })).status).toBe(200)
  })

  test('an admin without a password does not count', async () => {
    const { token, userId } = await signUpHolder('admin')
    await withoutOtherAdmins(userId)
    const body = { email: newEmail(), roles: ['admin'] }
    const created = userOf(await client.post('/admin/users', { token, body }))
    const demote = (id: string) =>
      client.put(`/admin/users/${id}/roles`, { token, body: { roles: ['user'] } })
    expect(refusal(await demote(userId))).toBe('409 last_admin')
    expect((await demote(created.id)).status).toBe(200)
  })

  test('may be given a further role, and disabled ones demoted', async () => {
    const { token, userId } = await signUpHolder('admin')
    const other = await signUpHolder('admin')
    await withoutOtherAdmins(userId, other.userId)
    await rows('update users set is_active = 0 where id = ?', other.userId)
    const set = (id: string, roles: string[]) =>
      client.put(`/admin/users/${id}/roles`, { token, body: { roles } })
    expect(userOf(await set(userId, ['admin', 'analyst'])).roles).toEqual(['admin', 'analyst'])
    expect(userOf(await set(other.userId, [])).roles).toEqual([])
  })

  test('a disabled one is none: they are demoted where nobody else is one either', async () => {
    const admin = await signUpHolder('admin')
    await withoutOtherAdmins(admin.userId)
    const held = await rows(
      `select permissions.name from role_permissions
        join permissions on permissions.id = permission_id
        join roles on roles.id = role_id where roles.name = 'admin'`,
    )
    const role = await insertRole(...held.map(({ name }) => String(name)))
    const peer = await signUpHolder(role.name)
    await rows('update users set is_active = 0 where id = ?', admin.userId)
    const path = `/admin/users/${admin.userId}/roles`
    const answer = await client.put(path, { token: peer.token, body: { roles: [] } })
    expect(userOf(answer).roles).toEqual([])
  })

  test('a disabled admin does not count', async () => {
    const [one, other] = [await signUpHolder('admin'), await signUpHolder('admin')]
    await withoutOtherAdmins(one.userId, other.userId)
    const disable = (userId: string) =>
      client.post(`/admin/users/${userId}/disable`, { token: one.token })
    expect((await disable(other.userId)).status).toBe(200)
    expect((await disable(other.userId)).status).toBe(200)
    expect(refusal(await disable(one.userId))).toBe('409 last_admin')
  })

  test('of two admins who demote each other at once, one wins', async () => {
    for (const act of ['disable', 'roles']) {
      const [one, other] = [await signUpHolder('admin'), await signUpHolder('admin')]
      await withoutOtherAdmins(one.userId, other.userId)
      const demote = (token: string, userId: string) =>
        act === 'disable'
          ? client.post(`/admin/users/${userId}/disable`, { token })
          : client.put(`/admin/users/${userId}/roles`, { token, body: { roles: ['user'] } })
      const answers = await Promise.all([
        demote(one.token, other.userId),
        demote(other.token, one.userId),
      ])
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      const left = await rows(
        `select users.id from users join user_roles on user_id = users.id
          join roles on roles.id = role_id where roles.name = 'admin' and is_active = 1`,
      )
      expect(left).toHaveLength(1)
    }
  })

  test('of two admins who step down at once, one stays', async () => {
    const [one, other] = [await signUpHolder('admin'), await signUpHolder('admin')]
    await withoutOtherAdmins(one.userId, other.userId)
    const answers = await Promise.all(
      [one, other].map(({ token, userId }) =>
        client.put(`/admin/users/${userId}/roles`, { token, body: { roles: ['user'] } }),
      ),
    )
    const outcomes = answers.map((answer) => (answer.status === 200 ? 200 : refusal(answer)))
    expect(outcomes.toSorted()).toEqual([200, '409 last_admin'])
  })
})
