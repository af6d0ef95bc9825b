import { describe, expect, test } from 'vitest'
import { grantAdmin, listAdmins, revokeAdmin } from '../../scripts/admin-role'
import { signUpHolder, withoutOtherAdmins } from '../platform/administrators'
import { findings, query, seal } from '../platform/audit'
import { createClient, refusal } from '../platform/client'
import { newEmail, PASSWORD, refresh, signUpPerson } from '../platform/people'
import { eventTypes, marker, row, rows } from '../platform/records'

const client = createClient()

describe('grant', () => {
  test('makes an admin at once, outdates their tokens, and is recorded', async () => {
    const { email, session, userId } = await signUpPerson(client)
    const { access_token: token } = session
    expect(refusal(await client.get('/admin/users', { token }))).toBe('403 permission_denied')
    expect(await grantAdmin(query, email.toUpperCase(), Date.now())).toMatchObject({ isDone: true })
    expect((await client.get('/admin/users', { token })).status).toBe(200)

    expect(await rows('select type from outbox where user_id = ?', userId)).toEqual([
      { type: 'user_created' },
      { type: 'roles_changed' },
    ])

    await seal()
    expect(await marker(`revoked:user:${userId}`)).toBe('{"epoch":2}')
    expect(refusal(await client.get('/auth/verify', { token }))).toBe('401 invalid_token')
    const refreshed = await refresh(client, session.refresh_token)
    expect(refreshed.body).toMatchObject({ user: { roles: ['admin', 'user'] } })

    const event = await row(
      `select * from audit_events where subject_id = ? and type = 'roles_changed'`,
      userId,
    )
    expect(event).toMatchObject({ actor_id: null, outcome: 'success' })
    expect(JSON.parse(String(event['subject_personal'])).detail).toEqual({ granted: 'admin' })
    expect(await findings()).toEqual([])
  })

  test('again changes nothing', async () => {
    const { email, userId } = await signUpPerson(client)
    await grantAdmin(query, email, Date.now())
    const again = await grantAdmin(query, email, Date.now())
    expect(again).toMatchObject({ user: { id: userId }, isDone: false })
    expect(await eventTypes(userId)).toEqual(['user_signed_up', 'roles_changed'])
    expect(await row('select auth_epoch from users where id = ?', userId)).toEqual({
      auth_epoch: 2,
    })
  })

  test('an address of a domain in another script, as it was typed', async () => {
    const local = `anna-${crypto.randomUUID()}`
    const email = `${local}@Bücher.example`
    await client.post('/auth/signup', { body: { email, password: PASSWORD } })
    expect(await grantAdmin(query, email, Date.now())).toMatchObject({ isDone: true })
  })

  test('not to an address that nobody has verified, where it must be', async () => {
    const { email, userId, session } = await signUpPerson(client)
    const { access_token: token } = session
    const grant = () => grantAdmin(query, email, Date.now(), { mustBeVerified: true })
    expect(await grant()).toMatchObject({ isDone: false, isRefused: true, isUnverified: true })
    expect(refusal(await client.get('/admin/users', { token }))).toBe('403 permission_denied')
    expect(await eventTypes(userId)).not.toContain('roles_changed')
    expect(await row('select auth_epoch from users where id = ?', userId)).toEqual({
      auth_epoch: 1,
    })

    const local = await grantAdmin(query, email, Date.now())
    expect(local).toMatchObject({ isDone: true, isRefused: false, isUnverified: true })
    expect((await client.get('/admin/users', { token })).status).toBe(200)
    expect(await grant()).toMatchObject({ isDone: false, isRefused: false, isUnverified: true })
  })

  test('to one that is verified, where it must be', async () => {
    const { email, userId } = await signUpPerson(client)
    await rows('update users set email_verified_at = 1 where id = ?', userId)
    const granted = await grantAdmin(query, email, Date.now(), { mustBeVerified: true })
    expect(granted).toMatchObject({ isDone: true, isRefused: false, isUnverified: false })
    expect(await eventTypes(userId)).toContain('roles_changed')
  })

  test('nobody, and an address that would be SQL', async () => {
    for (const email of [newEmail(), `' or 1=1 --@example.com`, `x'; drop table users; --@e.com`]) {
      expect(await grantAdmin(query, email, Date.now())).toMatchObject({
        user: null,
        isDone: false,
      })
    }
  })
})

describe('revoke', () => {
  test('takes it at once, and again changes nothing', async () => {
    await signUpHolder('admin')
    const { email, token, userId } = await signUpHolder('admin')
    expect(await revokeAdmin(query, email, Date.now())).toMatchObject({ isDone: true })
    expect(refusal(await client.get('/admin/users', { token }))).toBe('403 permission_denied')
    expect(await revokeAdmin(query, email, Date.now())).toMatchObject({
      isDone: false,
      isLastAdmin: false,
    })
    expect((await eventTypes(userId)).filter((type) => type === 'roles_changed')).toHaveLength(1)
  })

  test('not from the last active admin, also where a disabled one is left', async () => {
    const { email, userId } = await signUpHolder('admin')
    const disabled = await signUpHolder('admin')
    await withoutOtherAdmins(userId, disabled.userId)
    await rows('update users set is_active = 0 where id = ?', disabled.userId)
    expect(await revokeAdmin(query, email, Date.now())).toMatchObject({
      isDone: false,
      isLastAdmin: true,
    })
    expect(await revokeAdmin(query, disabled.email, Date.now())).toMatchObject({ isDone: true })
    expect((await listAdmins(query)).map(({ id }) => id)).toEqual([userId])
  })
})
