import { describe, expect, test } from 'vitest'
import { signUpHolder, signUpWith } from '../platform/administrators'
import { newKey, withKey } from '../platform/api-keys'
import { createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { subjectsTo } from '../platform/mails'
import { signUpPerson, verifiedPerson } from '../platform/people'
import { eventTypes, row, rows } from '../platform/records'
import { testRefusals } from '../platform/refusals'

const client = createClient()

const create = (token: string, body: object) => client.post('/auth/api-keys', { token, body })

async function listedKeys(token: string) {
  const { body } = await client.get('/auth/api-keys', { token })
  return (body as { api_keys: Record<string, unknown>[] }).api_keys
}

describe('making one', () => {
  test('it is shown once, and what is stored does not contain it', async () => {
    const { userId, session } = await signUpPerson(client)
    const token = session.access_token
    const { key, ...shown } = await newKey(token)
    expect(key).toMatch(/^ghk_[0-9a-f]{32}_[0-9a-f]{64}_[0-9a-f]{8}$/)
    expect(shown).toMatchObject({
      name: 'Nightly report',
      permissions: [],
      created_at: '2026-11-01T12:00:00.000Z',
      expires_at: '2027-01-30T12:00:00.000Z',
      last_used_at: null,
    })
    expect(await listedKeys(token)).toEqual([shown])
    const [, , secret = ''] = key.split('_')
    const stored = JSON.stringify([
      await rows('select * from api_keys where user_id = ?', userId),
      await rows('select * from audit_events where subject_id = ?', userId),
    ])
    expect(stored).not.toContain(secret)
    expect(stored).toMatch(/"secret_hash":"1\.[\w-]{43}"/)
  })

  test('costs one round trip, and is recorded', async () => {
    const { token, userId } = await signUpHolder('analyst')
    const body = { name: 'Report', permissions: ['users:read', 'roles:read', 'users:read'] }
    const answer = await create(token, body)
    expect(answer.status).toBe(201)
    expect(answer.body).toMatchObject({ permissions: ['roles:read', 'users:read'] })
    expect(answer.cost).toMatchObject({ d1: 1, kvReads: 0, kvWrites: 0, derivations: 0 })
    const event = await row(
      `select subject_personal from audit_events where subject_id = ? and type = 'api_key_created'`,
      userId,
    )
    expect(JSON.parse(String(event['subject_personal'])).detail).toMatchObject({
      name: 'Report',
      permissions: 'roles:read users:read',
    })
  })

  test.each([['users:write'], ['no such:permission'], ['users:read', 'tokens:introspect']])(
    'not with what its maker lacks: %s %s',
    async (...permissions) => {
      const { token, userId } = await signUpHolder('analyst')
      expect(refusal(await create(token, { name: 'x', permissions }))).toBe(
        '403 exceeds_own_permissions',
      )
      expect(await rows('select id from api_keys where user_id = ?', userId)).toEqual([])
    },
  )

  test.each([
    {},
    { name: '' },
    { name: 'x', permissions: 'users:read' },
    { name: 'x', expires_at: 'soon' },
    { name: 'x', expires_at: '9999-12-31T23:59:59-23:00' },
  ])('what is wrong: %j', async (body) => {
    const { session } = await signUpPerson(client)
    expect(refusal(await create(session.access_token, body))).toBe('400 validation_failed')
  })

  test('one that has expired already', async () => {
    const { session } = await signUpPerson(client)
    const body = { name: 'x', expires_at: '2026-11-01T12:00:00Z' }
    expect(refusal(await create(session.access_token, body))).toBe('400 validation_failed')
  })

  test('fifty that can be used, at once too, and one more where one was revoked', async () => {
    const { session, userId } = await signUpPerson(client)
    const token = session.access_token
    await Promise.all(Array.from({ length: 49 }, () => newKey(token)))
    const [one, other] = await Promise.all([
      create(token, { name: 'a' }),
      create(token, { name: 'b' }),
    ])
    expect([one.status, other.status].sort()).toEqual([201, 409])
    expect(refusal(one.status === 409 ? one : other)).toBe('409 api_key_limit')
    const { id } = await row('select max(id) as id from api_keys where user_id = ?', userId)
    await client.delete(`/auth/api-keys/${id}`, { token })
    expect((await create(token, { name: 'c' })).status).toBe(201)
  })

  testRefusals('POST', '/auth/api-keys', { body: { name: 'x' } })
})

test('its maker is told by mail', async () => {
  const { email, session } = await verifiedPerson(client)
  await newKey(session.access_token)
  expect(subjectsTo(email)).toEqual(['A new API key of your Gatehouse account'])
})

describe('revoking one', () => {
  test('its next use is refused, others are not', async () => {
    const { session, userId } = await signUpPerson(client)
    const token = session.access_token
    const [first, second] = [await newKey(token), await newKey(token)]
    const answer = await client.delete(`/auth/api-keys/${first.id}`, { token })
    expect(answer.status).toBe(200)
    expect(answer.cost.d1).toBe(1)
    expect(refusal(await client.get('/auth/me', withKey(first.key)))).toBe('401 invalid_api_key')
    expect((await client.get('/auth/me', withKey(second.key))).status).toBe(200)
    expect((await listedKeys(token)).map(({ id }) => id)).toEqual([second.id])
    expect((await eventTypes(userId)).at(-1)).toBe('api_key_revoked')
    const again = await client.delete(`/auth/api-keys/${first.id}`, { token })
    expect(refusal(again)).toBe('404 api_key_not_found')
  })

  test('somebody else’s does not exist', async () => {
    const owner = await signUpPerson(client)
    const { id, key } = await newKey(owner.session.access_token)
    const { session } = await signUpPerson(client)
    const answer = await client.delete(`/auth/api-keys/${id}`, { token: session.access_token })
    expect(refusal(answer)).toBe('404 api_key_not_found')
    expect((await client.get('/auth/me', withKey(key))).status).toBe(200)
  })

  testRefusals('DELETE', '/auth/api-keys/x')
})

test('the export has them, those that ended too; they go with the account', async () => {
  const { session, userId, password } = await signUpPerson(client)
  const token = session.access_token
  const { id } = await newKey(token)
  advanceSeconds(1)
  await newKey(token)
  await client.delete(`/auth/api-keys/${id}`, { token })
  const { body } = await client.get('/auth/me/export', { token })
  const exported = (body as { api_keys: Record<string, unknown>[] }).api_keys
  expect(exported.map(({ revoked_at }) => revoked_at === null)).toEqual([false, true])
  expect(JSON.stringify(exported)).not.toContain('secret')
  await client.delete('/auth/me', { token, body: { password } })
  expect(await rows('select id from api_keys where user_id = ?', userId)).toEqual([])
})

test('the list is of those that can be used', async () => {
  const { token } = await signUpWith('users:read')
  await newKey(token, ['users:read'], { expires_at: '2026-11-01T12:10:00Z' })
  expect(await listedKeys(token)).toHaveLength(1)
  advanceSeconds(600)
  expect(await listedKeys(token)).toEqual([])
})

describe('listing them', () => {
  testRefusals('GET', '/auth/api-keys')
})
