import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { createClient, refusal, sessionOf } from '../platform/client'
import { newEmail, PASSWORD } from '../platform/people'
import { eventTypes, row, rows } from '../platform/records'

const client = createClient()

const signUp = (body: unknown, by = client) => by.post('/auth/signup', { body })

describe('answers a session whose tokens work', () => {
  test('with the user as they are stored', async () => {
    const email = newEmail()
    const answer = await signUp({ email, password: PASSWORD, name: ' Ada Lovelace ' })
    expect(answer.status).toBe(201)
    const session = sessionOf(answer)
    expect(session).toMatchObject({
      token_type: 'bearer',
      expires_in: 900,
      refresh_expires_in: 604_800,
    })
    expect(session.user).toMatchObject({ email, name: 'Ada Lovelace', roles: ['user'] })
    expect((await client.get('/auth/me', { token: session.access_token })).body).toEqual(
      session.user,
    )
    expect(await eventTypes(session.user.id)).toEqual(['user_signed_up'])
  })

  test('the claims are those of RFC 9068, and no more of the person than the email', async () => {
    const { access_token, user } = sessionOf(
      await signUp({ email: newEmail(), password: PASSWORD, name: 'Ada' }),
    )
    expect(Object.keys(decodeJwt(access_token)).toSorted()).toEqual([
      'aud',
      'auth_time',
      'email',
      'email_verified',
      'epoch',
      'exp',
      'iat',
      'iss',
      'jti',
      'permissions',
      'roles',
      'sid',
      'sub',
      'type',
    ])
    expect(decodeJwt(access_token)).toMatchObject({ sub: user.id, roles: ['user'], epoch: 1 })
  })

  test('nothing secret is stored or answered in the clear', async () => {
    const email = newEmail()
    const answer = await signUp({ email, password: PASSWORD })
    const session = sessionOf(answer)
    const stored = JSON.stringify([
      await rows('select * from users where id = ?', session.user.id),
      await rows('select * from user_sessions where user_id = ?', session.user.id),
      await rows('select * from audit_events where subject_id = ?', session.user.id),
    ])
    expect(stored).not.toContain(PASSWORD)
    expect(stored).not.toContain(decodeJwt(session.refresh_token).jti)
    expect(stored).toContain('$pbkdf2-sha256-chain$v=1$i=10000,r=6,k=1$')
    expect(JSON.stringify(answer.body)).not.toContain('pbkdf2')
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
  })

  test('the session keeps where it came from', async () => {
    const caller = createClient({ ip: '2001:db8:1:2::3', userAgent: 'Browser/1\u0007 (bell)' })
    const { user } = sessionOf(await signUp({ email: newEmail(), password: PASSWORD }, caller))
    expect(
      await row('select ip, network, user_agent from user_sessions where user_id = ?', user.id),
    ).toEqual({
      ip: '2001:db8:1:2::3',
      network: '2001:db8:1::/48',
      user_agent: 'Browser/1 (bell)',
    })
  })
})

describe('who somebody is', () => {
  test('nobody chooses their own role, nor anything else that is not asked', async () => {
    const { user } = sessionOf(
      await signUp({
        email: newEmail(),
        password: PASSWORD,
        role: 'admin',
        roles: ['admin'],
        is_active: false,
        id: 'mine',
        __proto__: { admin: true },
      }),
    )
    expect(user).toMatchObject({ roles: ['user'], permissions: [], is_active: true })
    expect(user.id).not.toBe('mine')
  })

  test('full_name stands in for name; null is none', async () => {
    const nameOf = async (names: object) =>
      sessionOf(await signUp({ email: newEmail(), password: PASSWORD, ...names })).user.name
    expect(await nameOf({ full_name: 'Grace' })).toBe('Grace')
    expect(await nameOf({ name: 'Ada', full_name: 'Grace' })).toBe('Ada')
    expect(await nameOf({ name: null })).toBeNull()
    expect(await nameOf({})).toBeNull()
  })

  test('an address is kept as typed and recognised in any case', async () => {
    const typed = `Ada.${crypto.randomUUID()}@EXAMPLE.com`
    const { user } = sessionOf(await signUp({ email: `  ${typed} `, password: PASSWORD }))
    expect(user.email).toBe(typed.replace('EXAMPLE', 'example'))
    for (const email of [typed, typed.toLowerCase(), typed.toUpperCase()]) {
      expect(refusal(await signUp({ email, password: PASSWORD })), email).toBe('409 email_taken')
      const login = await client.post('/auth/login', { body: { email, password: PASSWORD } })
      expect(login.status, email).toBe(200)
    }
  })

  test('a domain in its own script and its A-label are one', async () => {
    const local = crypto.randomUUID()
    const { user } = sessionOf(
      await signUp({ email: `${local}@bücher.example`, password: PASSWORD }),
    )
    expect(user.email).toBe(`${local}@xn--bcher-kva.example`)
    const again = await signUp({ email: `${local}@XN--BCHER-KVA.example`, password: PASSWORD })
    expect(refusal(again)).toBe('409 email_taken')
  })
})

describe('a taken email', () => {
  test('is 409 and leaves no trace', async () => {
    const email = newEmail()
    const first = sessionOf(await signUp({ email, password: PASSWORD }))
    expect(refusal(await signUp({ email, password: 'another password' }))).toBe('409 email_taken')
    expect(
      await rows('select id from user_sessions where user_id = ?', first.user.id),
    ).toHaveLength(1)
    expect(await rows('select id from users where email = ?', email)).toHaveLength(1)
    const login = await client.post('/auth/login', {
      body: { email, password: 'another password' },
    })
    expect(login.status).toBe(401)
  })

  test('twenty at once make one account', async () => {
    const email = newEmail()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => signUp({ email, password: PASSWORD })),
    )
    const statuses = answers.map(({ status }) => status).toSorted()
    expect(statuses).toEqual([201, ...Array(19).fill(409)])
    const { id: userId } = await row('select id from users where email = ?', email)
    expect(await rows('select id from user_sessions where user_id = ?', userId)).toHaveLength(1)
    expect(await eventTypes(String(userId))).toEqual(['user_signed_up'])
  })
})

describe('bad input is 400, by name, and changes nothing', () => {
  const good = { email: 'somebody@example.com', password: PASSWORD }
  const cases: [string, unknown, string][] = [
    ['no email', { ...good, email: undefined }, 'validation_failed email'],
    ['an email that is a number', { ...good, email: 7 }, 'validation_failed email'],
    ['no password', { ...good, password: undefined }, 'validation_failed password'],
    ['an empty password', { ...good, password: '' }, 'validation_failed password'],
    ['7 characters', { ...good, password: 'abcdefg' }, 'weak_password password'],
    ['7 emoji, though 14 units', { ...good, password: '🔑'.repeat(7) }, 'weak_password password'],
    ['129 characters', { ...good, password: 'x'.repeat(129) }, 'validation_failed password'],
    ['a NUL in it', { ...good, password: 'abcdefgh\0' }, 'validation_failed password'],
    [
      'half a surrogate pair',
      { ...good, password: 'abcdefgh\ud83d' },
      'validation_failed password',
    ],
    ['an empty name', { ...good, name: '  ' }, 'validation_failed name'],
    ['a name of 101', { ...good, name: 'x'.repeat(101) }, 'validation_failed name'],
    ['a name of two lines', { ...good, name: 'a\nb' }, 'validation_failed name'],
    ['a list', [good], 'validation_failed '],
    ['a text', 'text', 'validation_failed '],
    ['null', null, 'validation_failed '],
  ]
  test.each(cases)('%s', async (_name, body, expected) => {
    const answer = await signUp(body)
    expect(answer.status).toBe(400)
    const { code, errors } = answer.body as { code: string; errors: { path: string }[] }
    expect(`${code} ${errors[0]?.path}`).toBe(expected)
    expect(await rows(`select id from users where email = 'somebody@example.com'`)).toEqual([])
  })

  test('8 and 128 code points are taken, whatever they are', async () => {
    for (const password of ['abcdefgh', '        ', '🔑'.repeat(8), '密'.repeat(128)]) {
      const email = newEmail()
      expect((await signUp({ email, password })).status, password).toBe(201)
      const login = await client.post('/auth/login', { body: { email, password } })
      expect(login.status, password).toBe(200)
    }
  })

  test('the last of 128 characters counts', async () => {
    const email = newEmail()
    await signUp({ email, password: `${'x'.repeat(127)}y` })
    const body = { email, password: `${'x'.repeat(127)}z` }
    expect((await client.post('/auth/login', { body })).status).toBe(401)
  })

  test('classes are asked for only where the deployment does', async () => {
    const strict = createClient({
      vars: { PASSWORD_REQUIRE: 'upper,lower,digit,special', PASSWORD_MIN_LENGTH: '12' },
    })
    const answer = await signUp({ email: newEmail(), password: 'lower' }, strict)
    expect(answer.body).toMatchObject({
      code: 'weak_password',
      errors: [
        { message: 'must have at least 12 characters' },
        { message: 'must contain an upper-case letter' },
        { message: 'must contain a digit' },
        { message: 'must contain a special character' },
      ],
    })
    const good = await signUp({ email: newEmail(), password: 'Lower Upper 1!' }, strict)
    expect(good.status).toBe(201)
  })
})
