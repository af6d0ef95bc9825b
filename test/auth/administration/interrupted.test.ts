import { describe, expect, test } from 'vitest'
import { type Call, send } from '../../faults/flow'
import { signUpHolder } from '../../platform/administrators'
import { interrupt } from '../../platform/bindings'
import { createClient, refusal } from '../../platform/client'
import { advanceSeconds } from '../../platform/clock'
import { newEmail, PASSWORD, signUpPerson } from '../../platform/people'
import { row, rows } from '../../platform/records'

// A batch that runs again after an unclear commit, with somebody else's act in between.

const client = createClient()

describe('somebody else acting between the two runs is not undone', () => {
  /** What the act answers that runs twice, with the rival's in between. */
  async function interrupted(
    call: Call,
    rival: () => Promise<{ status: number; body: unknown }>,
    index = 0,
  ) {
    const act = async () => expect((await rival()).status).toBeLessThan(300)
    return send(call, createClient({ interfere: interrupt('d1', index, act) }))
  }

  async function aboutUser() {
    const [admin, rival] = [await signUpHolder('admin'), await signUpHolder('admin')]
    const person = await signUpPerson(client)
    const path = `/admin/users/${person.userId}`
    const read = async () => (await client.get(path, { token: rival.token })).body
    return { token: admin.token, rival: rival.token, person, path, read }
  }

  test('setting roles', async () => {
    const { token, rival, path, read } = await aboutUser()
    const call = { method: 'PUT', path: `${path}/roles`, token, body: { roles: ['analyst'] } }
    const answer = await interrupted(call, () =>
      client.put(`${path}/roles`, { token: rival, body: { roles: ['user'] } }),
    )
    expect(answer.body).toMatchObject({ roles: ['user'] })
    expect(await read()).toMatchObject({ roles: ['user'] })
  })

  test('renaming, disabling and enabling', async () => {
    const { token, rival, path, read, person } = await aboutUser()
    await interrupted({ method: 'PATCH', path, token, body: { name: 'First' } }, () =>
      client.patch(path, { token: rival, body: { name: 'Second' } }),
    )
    expect(await read()).toMatchObject({ name: 'Second' })
    await interrupted({ method: 'POST', path: `${path}/disable`, token }, () =>
      client.post(`${path}/enable`, { token: rival }),
    )
    expect(await read()).toMatchObject({ is_active: true })
    advanceSeconds(1)
    await interrupted({ method: 'DELETE', path: `${path}/sessions`, token }, () =>
      client.post('/auth/login', { body: { email: person.email, password: PASSWORD } }),
    )
    const live = await rows(
      'select id from user_sessions where user_id = ? and revoked_at is null',
      person.userId,
    )
    expect(live).toHaveLength(1)
  })

  test('creating a user, whose roles are taken', async () => {
    const { token, rival } = await aboutUser()
    const email = newEmail()
    const find = () => row('select id from users where email = ?', email)
    await interrupted(
      { method: 'POST', path: '/admin/users', token, body: { email } },
      async () => {
        const path = `/admin/users/${(await find())['id']}/roles`
        return client.put(path, { token: rival, body: { roles: [] } })
      },
    )
    const { id } = await find()
    expect(await rows('select * from user_roles where user_id = ?', id)).toEqual([])
  })

  test('signing up, and the roles are taken or the account disabled', async () => {
    const { rival } = await aboutUser()
    for (const [method, suffix, body] of [
      ['PUT', '/roles', { roles: [] }],
      ['POST', '/disable'],
      ['DELETE', '/sessions'],
    ] as [string, string, unknown?][]) {
      const email = newEmail()
      const signup = { email, password: PASSWORD }
      const call = { method: 'POST', path: '/auth/signup', body: signup }
      const find = () => row('select id from users where email = ?', email)
      const answer = await interrupted(call, async () =>
        send({ method, path: `/admin/users/${(await find())['id']}${suffix}`, token: rival, body }),
      )
      const { access_token: token } = answer.body as { access_token: string }
      expect(refusal(await client.get('/auth/verify', { token })), suffix).toBe('401 invalid_token')
      if (suffix !== '/roles') {
        expect(refusal(await client.get('/auth/me', { token }))).toBe('401 invalid_token')
        continue
      }
      const { id } = await find()
      expect(await rows('select * from user_roles where user_id = ?', id)).toEqual([])
    }
  })

  test('logging in, and the session is ended or the password taken', async () => {
    const { rival, path, person } = await aboutUser()
    const { email, password } = person
    const call = { method: 'POST', path: '/auth/login', body: { email, password } }
    const ended = await interrupted(
      call,
      () => client.delete(`${path}/sessions`, { token: rival }),
      1,
    )
    const { access_token: token } = ended.body as { access_token: string }
    const statuses = [
      (await client.get('/auth/me', { token })).status,
      (await client.get('/auth/verify', { token })).status,
    ]
    // A second try began another session, after the end of all.
    expect(statuses).toEqual([200, 200])
    const reset = await interrupted(
      call,
      () => client.post(`${path}/force-password-reset`, { token: rival }),
      1,
    )
    expect(refusal(reset)).toBe('401 invalid_credentials')
  })

  test('creating and changing a role', async () => {
    const { token, rival } = await aboutUser()
    const name = `r-${crypto.randomUUID()}`
    const find = () => row('select id from roles where name = ?', name)
    const body = { name, permissions: ['users:read'] }
    const answer = await interrupted(
      { method: 'POST', path: '/admin/roles', token, body },
      async () => client.delete(`/admin/roles/${(await find())['id']}`, { token: rival }),
    )
    expect(refusal(answer)).toBe('409 name_taken')
    expect(await rows('select id from roles where name = ?', name)).toEqual([])

    await client.post('/admin/roles', { token, body })
    const path = `/admin/roles/${(await find())['id']}`
    const set = (permissions: string[], by: string) =>
      client.put(`${path}/permissions`, { token: by, body: { permissions } })
    const first = { permissions: ['roles:read'] }
    const changed = await interrupted(
      { method: 'PUT', path: `${path}/permissions`, token, body: first },
      () => set(['users:write', 'users:read'], rival),
    )
    expect(changed.body).toMatchObject({ permissions: ['users:read', 'users:write'] })
    await set([], rival)
    await interrupted({ method: 'PUT', path: `${path}/permissions`, token, body: first }, () =>
      set([], rival),
    )
    const { id } = await find()
    expect(await rows('select * from role_permissions where role_id = ?', id)).toEqual([])
    await interrupted({ method: 'PATCH', path, token, body: { description: 'First' } }, () =>
      client.patch(path, { token: rival, body: { description: 'Second' } }),
    )
    expect(await row('select description from roles where id = ?', id)).toEqual({
      description: 'Second',
    })
  })

  test('creating a permission', async () => {
    const { token, rival } = await aboutUser()
    const body = { name: `p${crypto.randomUUID().replaceAll('-', '')}:read` }
    const find = () => rows('select id from permissions where name = ?', body.name)
    const answer = await interrupted(
      { method: 'POST', path: '/admin/permissions', token, body },
      async () => {
        const [created] = await find()
        return client.delete(`/admin/permissions/${created?.['id']}`, { token: rival })
      },
    )
    expect(refusal(answer)).toBe('409 name_taken')
    expect(await find()).toEqual([])
    expect((await client.post('/admin/permissions', { token, body })).status).toBe(201)
  })

  test('an announcement that was delivered is not made again', async () => {
    const { token, path } = await aboutUser()
    const rival = await signUpHolder('admin')
    const call = { method: 'PATCH', path, token, body: { name: 'First' } }
    await interrupted(call, async () => {
      await rows(`delete from outbox where type = 'user_renamed'`)
      return client.post('/admin/users', { token: rival.token, body: { email: newEmail() } })
    })
    expect(await rows(`select * from outbox where type = 'user_renamed'`)).toEqual([])
  })
})
