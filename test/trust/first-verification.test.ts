import { describe, expect, test } from 'vitest'
import { newKey, withKey } from '../platform/api-keys'
import { fail, preempt } from '../platform/bindings'
import { type ClientOptions, createClient, refusal } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { lastTokenTo, subjectOf, subjectsTo } from '../platform/mails'
import { logInAgain, newEmail, PASSWORD, refresh, signUpPerson } from '../platform/people'
import { eventTypes, row, rows, sessionRows, setActive } from '../platform/records'

// Somebody signs up, or moves their account, to an address that is not theirs, and whoever reads the mail there opens the link.

const NEW = 'seven quiet rivers at dusk'
const VARS = { EMAIL_VERIFICATION: 'optional' }
const client = createClient({ vars: VARS })

let networks = 0
/** From somewhere that nobody else has been. */
const elsewhere = (options: ClientOptions = {}) =>
  createClient({ ip: `10.61.${++networks}.7`, ...options, vars: { ...VARS, ...options.vars } })

const PATHS = {
  verify: '/auth/verify-email',
  confirm: '/auth/change-email/confirm',
} as const

type Way = keyof typeof PATHS

/** An account that somebody else made, with a session, an API key and links, and the link that its reader opens. */
async function planted(way: Way) {
  const attacker = await signUpPerson(elsewhere())
  const { access_token: token } = attacker.session
  const { key } = await newKey(token)
  const address = way === 'verify' ? attacker.email : newEmail()
  const moved = newEmail()
  const ask = (new_email: string) =>
    client.post('/auth/change-email', { token, body: { password: PASSWORD, new_email } })
  await ask(way === 'verify' ? moved : address)
  await client.post('/auth/forgot-password', { body: { email: attacker.email } })
  const forReset = lastTokenTo(attacker.email)
  if (way === 'verify') {
    advanceSeconds(61)
    await client.post('/auth/verify-email/resend', { body: { email: address } })
  }
  return { ...attacker, token, key, address, moved, forReset, link: lastTokenTo(address) }
}

type Planted = Awaited<ReturnType<typeof planted>>

const open = (way: Way, body: object, token?: string, by = client) =>
  by.post(PATHS[way], { body, ...(token !== undefined && { token }) })

const userOf = ({ userId }: Planted) => row('select * from users where id = ?', userId)

/** Everything that a link could change. */
async function stateOf({ userId }: Planted) {
  return {
    users: await rows('select * from users where id = ?', userId),
    sessions: await sessionRows(userId),
    keys: await rows('select * from api_keys where user_id = ? order by id', userId),
    links: await rows('select * from one_time_tokens where user_id = ? order by id', userId),
    events: (await eventTypes(userId)).filter((type) => type !== 'password_check_failed'),
  }
}

/** Nothing of what was there before is of use. */
async function expectEnded(person: Planted, { spared = 0 } = {}) {
  const live = (await sessionRows(person.userId)).filter(({ revoked_at }) => revoked_at === null)
  expect(live).toHaveLength(spared)
  expect(refusal(await client.get('/auth/me', withKey(person.key)))).toBe('401 invalid_api_key')
  const links = await rows(
    `select purpose from one_time_tokens where user_id = ? and used_at is null
      and purpose <> 'undo_email_change'`,
    person.userId,
  )
  expect(links).toEqual([])
  const reset = { token: person.forReset, new_password: NEW }
  expect(refusal(await client.post('/auth/reset-password', { body: reset }))).toBe(
    '400 invalid_link',
  )
}

describe.each(['optional', 'required'])('a stranger presses the button, %s', (mode) => {
  test('without more than the link nothing is verified', async () => {
    const attacker = elsewhere({ vars: { EMAIL_VERIFICATION: mode } })
    const email = newEmail()
    await attacker.post('/auth/signup', { body: { email, password: PASSWORD } })
    const link = { token: lastTokenTo(email) }
    const owner = elsewhere({ vars: { EMAIL_VERIFICATION: mode } })
    expect(refusal(await owner.post('/auth/verify-email', { body: link }))).toBe(
      '403 password_required',
    )
    expect((await row('select * from users where email = ?', email))['email_verified_at']).toBe(
      null,
    )

    const body = { ...link, new_password: NEW }
    expect((await owner.post('/auth/verify-email', { body })).status).toBe(200)
    const logIn = (password: string, by = owner) =>
      by.post('/auth/login', { body: { email, password } })
    expect(refusal(await logIn(PASSWORD, attacker))).toBe('401 invalid_credentials')
    expect((await logIn(NEW)).body).toMatchObject({ user: { email_verified: true } })
  })
})

describe.each(['verify', 'confirm'] as const)('%s', (way) => {
  test('a new password ends all that was there before, the old password too', async () => {
    const person = await planted(way)
    const body = { token: person.link, new_password: NEW }
    const answer = await open(way, body, undefined, elsewhere())
    expect(answer.status).toBe(200)
    expect(answer.cost).toMatchObject({ d1: 2, kvWrites: 1, derivations: 6 })
    await expectEnded(person)
    const now = Date.now()
    expect(await userOf(person)).toMatchObject({
      email: person.address,
      email_verified_at: now,
      recovered_at: now,
    })
    expect(refusal(await refresh(client, person.session.refresh_token))).toBe(
      '401 invalid_refresh_token',
    )
    expect(refusal(await client.get('/auth/verify', { token: person.token }))).toBe(
      '401 invalid_token',
    )
    const logIn = (password: string) =>
      elsewhere().post('/auth/login', { body: { email: person.address, password } })
    expect(refusal(await logIn(PASSWORD))).toBe('401 invalid_credentials')
    expect((await logIn(NEW)).body).toMatchObject({ user: { email_verified: true } })
    expect(subjectsTo(person.address)).toContain(subjectOf('password_changed'))
  })

  test('a new password ends the session that came along, too', async () => {
    const person = await planted(way)
    const body = { token: person.link, new_password: NEW }
    expect((await open(way, body, person.token)).status).toBe(200)
    await expectEnded(person)
  })

  test('the password proves it; all sessions, keys and links end', async () => {
    const person = await planted(way)
    const answer = await open(way, { token: person.link, password: PASSWORD })
    expect(answer.status).toBe(200)
    expect(answer.cost).toMatchObject({ d1: 3, kvWrites: 1, derivations: 6 })
    await expectEnded(person)
    expect(await userOf(person)).toMatchObject({
      email: person.address,
      email_verified_at: Date.now(),
      recovered_at: Date.now(),
    })
    await logInAgain(client, { email: person.address, password: PASSWORD })
  })

  test('the password and the session of the account: that session goes on', async () => {
    const person = await planted(way)
    const body = { token: person.link, password: PASSWORD }
    expect((await open(way, body, person.token)).status).toBe(200)
    await expectEnded(person, { spared: 1 })
    expect((await client.get('/auth/verify', { token: person.token })).status).toBe(200)
  })

  test('its own session proves it, and goes on; everything else ends', async () => {
    const person = await planted(way)
    const other = await logInAgain(elsewhere(), person)
    const answer = await open(way, { token: person.link }, person.token)
    expect(answer.status).toBe(200)
    expect(answer.cost).toMatchObject({ d1: 2, kvWrites: 1, derivations: 0 })
    await expectEnded(person, { spared: 1 })
    expect((await client.get('/auth/me', { token: person.token })).status).toBe(200)
    expect(refusal(await client.get('/auth/me', { token: other.access_token }))).toBe(
      '401 invalid_token',
    )
    expect(await userOf(person)).toMatchObject({ recovered_at: Date.now() })
  })

  describe('refused, and nothing is used up', () => {
    const refused = async (
      expected: string,
      act: (person: Planted) => ReturnType<typeof open>,
      prepare: (person: Planted) => Promise<unknown> = async () => {},
    ) => {
      const person = await planted(way)
      await prepare(person)
      const before = await stateOf(person)
      expect(refusal(await act(person))).toBe(expected)
      expect(await stateOf(person)).toEqual(before)
      return person
    }

    test('with the link alone', async () => {
      const person = await refused('403 password_required', async ({ link }) =>
        open(way, { token: link }),
      )
      expect((await open(way, { token: person.link, password: PASSWORD })).status).toBe(200)
    })

    test('with a session of somebody else', async () => {
      const other = await signUpPerson(client)
      await refused('403 password_required', async ({ link }) =>
        open(way, { token: link }, other.session.access_token),
      )
    })

    test('with a session that was logged out, though its token is still in time', async () => {
      const person = await refused(
        '403 password_required',
        async ({ link, token }) => open(way, { token: link }, token),
        ({ token }) => client.post('/auth/logout', { token }),
      )
      expect((await open(way, { token: person.link, password: PASSWORD })).status).toBe(200)
    })

    test('with a session that ends right before it is done', async () => {
      const person = await planted(way)
      const act = () => client.post('/auth/logout', { token: person.token })
      const late = elsewhere({ interfere: preempt('d1', 1, act) })
      expect(refusal(await open(way, { token: person.link }, person.token, late))).toBe(
        '403 password_required',
      )
      expect(await userOf(person)).toMatchObject({
        email: person.email,
        email_verified_at: null,
        recovered_at: null,
      })
    })

    test('with a token from before the last authentication of its session', async () => {
      await refused(
        '403 password_required',
        async ({ link, token }) => open(way, { token: link }, token),
        ({ userId }) => rows('update user_sessions set least_epoch = 99 where user_id = ?', userId),
      )
    })

    test('with a wrong password, which is counted as a failed login', async () => {
      const wrong = ({ link }: Planted) =>
        open(way, { token: link, password: 'not the password' }, undefined, by)
      const by = elsewhere()
      const person = await refused('403 wrong_password', async (person) => wrong(person))
      for (let again = 2; again <= 5; again++) {
        expect(refusal(await wrong(person))).toBe('403 wrong_password')
      }
      const right = { token: person.link, password: PASSWORD }
      expect(refusal(await open(way, right, undefined, by))).toBe('429 too_many_attempts')
      const login = { email: person.email, password: PASSWORD }
      expect(refusal(await by.post('/auth/login', { body: login }))).toBe('429 too_many_attempts')
      expect(await userOf(person)).toMatchObject({ email_verified_at: null })
      const failures = await rows(
        `select actor_id, subject_personal from audit_events
          where subject_id = ? and type = 'password_check_failed' order by seq`,
        person.userId,
      )
      const purpose = way === 'verify' ? 'email_verified' : 'email_changed'
      expect(
        failures.map(({ subject_personal }) => JSON.parse(String(subject_personal)).detail),
      ).toEqual([
        { for: purpose, failures: '1' },
        { for: purpose, failures: '5' },
      ])
      expect(failures.map(({ actor_id }) => actor_id)).toEqual([null, null])
      expect((await open(way, right, undefined, elsewhere())).status).toBe(200)
    })

    test('with a password that is changed while it is looked at', async () => {
      const person = await planted(way)
      const act = () =>
        rows('update users set password_hash = ? where id = ?', 'another', person.userId)
      const late = elsewhere({ interfere: preempt('d1', 2, act) })
      const body = { token: person.link, password: PASSWORD }
      expect(refusal(await open(way, body, undefined, late))).toBe('403 wrong_password')
      expect(await userOf(person)).toMatchObject({ email: person.email, email_verified_at: null })
      expect((await open(way, { token: person.link, new_password: NEW })).status).toBe(200)
    })

    test('with a password, where there is none', async () => {
      await refused(
        '403 wrong_password',
        async ({ link }) => open(way, { token: link, password: PASSWORD }),
        ({ userId }) => rows('update users set password_hash = null where id = ?', userId),
      )
    })

    test('with a new password that is too weak', async () => {
      const person = await refused('400 weak_password', async ({ link }) =>
        open(way, { token: link, new_password: 'short' }),
      )
      const own = { token: person.link, new_password: person.address }
      expect(refusal(await open(way, own))).toBe('400 weak_password')
    })

    test('with a password and a new one', async () => {
      await refused('400 validation_failed', async ({ link }) =>
        open(way, { token: link, password: PASSWORD, new_password: NEW }),
      )
    })

    test('of an account that is disabled', async () => {
      for (const proof of [{ password: PASSWORD }, { new_password: NEW }]) {
        await refused(
          '400 invalid_link',
          async ({ link }) => open(way, { token: link, ...proof }),
          ({ userId }) => setActive(userId, false),
        )
      }
    })

    test('when the database fails', async () => {
      const away = elsewhere({
        interfere: fail('d1', 1, 'D1_ERROR: D1 DB is overloaded. Requests queued for too long.'),
      })
      await refused('503 service_unavailable', async ({ link }) =>
        open(way, { token: link, new_password: NEW }, undefined, away),
      )
    })
  })

  test('a right password is taken back from what is counted', async () => {
    const person = await planted(way)
    const by = elsewhere()
    const login = (password: string) =>
      by.post('/auth/login', { body: { email: person.email, password } })
    for (let failure = 0; failure < 4; failure++) await login('not the password')
    const body = { token: person.link, password: PASSWORD }
    expect((await open(way, body, undefined, by)).status).toBe(200)
    for (let failure = 0; failure < 4; failure++) {
      expect(refusal(await login('not the password'))).toBe('401 invalid_credentials')
    }
  })

  test('ten at once, each with a password of its own: one', async () => {
    const person = await planted(way)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        open(way, { token: person.link, new_password: `${NEW} ${i}` }),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const type = way === 'verify' ? 'email_verified' : 'email_changed'
    expect((await eventTypes(person.userId)).filter((each) => each === type)).toHaveLength(1)
  })
})

test('a link to verify is none once the address is verified: it would be a longer way to reset', async () => {
  const person = await planted('verify')
  await rows('update users set email_verified_at = 7 where id = ?', person.userId)
  const body = { token: person.link, new_password: NEW }
  expect(refusal(await open('verify', body))).toBe('400 invalid_link')
  expect(await userOf(person)).toMatchObject({ email_verified_at: 7 })
  await logInAgain(client, person)
})

test('an email that is changed can still be undone where it was verified, whatever the link came with', async () => {
  const person = await planted('confirm')
  await rows('update users set email_verified_at = 7 where id = ?', person.userId)
  const body = { token: person.link, new_password: NEW }
  expect((await open('confirm', body)).status).toBe(200)
  advanceSeconds(1)
  const undo = { token: lastTokenTo(person.email) }
  expect((await client.post('/auth/change-email/undo', { body: undo })).status).toBe(200)
  expect(await userOf(person)).toMatchObject({
    email: person.email,
    password_hash: null,
    recovered_at: Date.now(),
  })
})

test('a reset says when the account was recovered', async () => {
  const person = await planted('verify')
  const body = { token: person.forReset, new_password: NEW }
  advanceSeconds(1)
  expect((await client.post('/auth/reset-password', { body })).status).toBe(200)
  expect(await userOf(person)).toMatchObject({
    email_verified_at: Date.now(),
    recovered_at: Date.now(),
  })
  expect(refusal(await open('verify', { token: person.link, new_password: NEW }))).toBe(
    '400 invalid_link',
  )
})
