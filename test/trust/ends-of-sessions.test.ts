import { describe, expect, test } from 'vitest'
import { failAfterCommit } from '../platform/bindings'
import { type Answer, createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { ORIGIN, signUpInBrowser } from '../platform/page-browser'
import {
  logInAgain,
  newEmail,
  PASSWORD,
  reasonOf,
  refresh,
  sidOf,
  signUpPerson,
} from '../platform/people'
import { eventTypes, marker, row, setActive } from '../platform/records'

const owner = createClient({ ip: '198.51.100.5', userAgent: 'Firefox/150' })
const thief = createClient({ ip: '203.0.113.9', userAgent: 'Firefox/150' })
const stranger = createClient({ ip: '203.0.113.9', userAgent: 'other/1' })

const endOf = async ({ access_token }: { access_token: string }) =>
  (await row('select revoked_reason from user_sessions where id = ?', sidOf({ access_token })))[
    'revoked_reason'
  ]

describe('logging out everywhere', () => {
  const everywhere = (refresh_token: string, by = owner, token?: string) =>
    by.post('/auth/logout', { body: { refresh_token, everywhere: true }, ...(token && { token }) })

  async function rotated() {
    const person = await signUpPerson(owner)
    const other = await logInAgain(owner, person)
    advanceSeconds(60)
    const { session } = person
    const next = sessionOf(await refresh(owner, session.refresh_token))
    return { ...person, other, next }
  }

  test('by a superseded refresh token ends its own session, and no other', async () => {
    const { session, other, userId } = await rotated()
    advanceSeconds(3600)
    expect(refusal(await everywhere(session.refresh_token, thief))).toBe('401 invalid_token')
    expect(await endOf(other)).toBeNull()
    expect(await endOf(session)).toBe('logout')
    expect((await eventTypes(userId)).at(-1)).toBe('logged_out')
    expect((await refresh(owner, other.refresh_token)).status).toBe(200)
  })

  test('nor by the one before inside the window, from a stranger', async () => {
    const { session, other } = await rotated()
    expect(refusal(await everywhere(session.refresh_token, stranger))).toBe('401 invalid_token')
    expect(await endOf(other)).toBeNull()
  })

  test('nor by one from before a change of the password', async () => {
    const { session, next, userId } = await rotated()
    const body = { current_password: PASSWORD, new_password: 'completely new phrase 1' }
    const changed = await owner.post('/auth/change-password', { token: next.access_token, body })
    expect(changed.status).toBe(200)
    const { email } = session.user
    const later = await logInAgain(owner, { email, password: 'completely new phrase 1' })
    const before = await eventTypes(userId)
    const answer = await everywhere(next.refresh_token, thief, next.access_token)
    expect(refusal(answer)).toBe('401 invalid_token')
    expect(await endOf(later)).toBeNull()
    expect(await eventTypes(userId)).toEqual([...before, 'logged_out'])
  })

  test.each(['current', 'previous'] as const)('by the %s one ends all', async (which) => {
    const { session, next, other, userId } = await rotated()
    const token = which === 'current' ? next.refresh_token : session.refresh_token
    expect((await everywhere(token)).status).toBe(200)
    for (const one of [next, other]) expect(await endOf(one)).toBe('logout')
    expect((await eventTypes(userId)).at(-1)).toBe('logged_out_everywhere')
  })

  test('by an access token beside a superseded refresh token ends all', async () => {
    const { session, next, other } = await rotated()
    advanceSeconds(60)
    const answer = await everywhere(session.refresh_token, owner, next.access_token)
    expect(answer.status).toBe(200)
    expect(await endOf(other)).toBe('logout')
  })
})

describe('a session that begins in a browser', () => {
  const headers = { Origin: ORIGIN, 'Content-Type': 'application/json' }
  const begin = (
    path: string,
    body: object,
    cookie: string,
    { by = owner, transport = 'cookie' } = {},
  ) =>
    by.post(path, {
      body: { password: PASSWORD, transport, ...body },
      headers: { ...headers, Cookie: `__Host-refresh_token=${cookie}` },
    })
  const inCookie = (answer: Answer) =>
    /__Host-refresh_token=([^;]+)/.exec(answer.headers.get('Set-Cookie') ?? '')?.[1] ?? ''

  test.each(['login', 'signup'])('by %s ends the one of the cookie', async (how) => {
    const { session, email, userId } = await signUpPerson(owner)
    const body = { email: how === 'login' ? email : newEmail() }
    const answer = await begin(`/auth/${how}`, body, session.refresh_token)
    expect(answer.cost.d1).toBe(how === 'login' ? 2 : 1)
    expect(await endOf(session)).toBe('logout')
    expect(await marker(`revoked:session:${sidOf(session)}`)).toBe('1')
    expect((await eventTypes(userId)).at(-1)).toBe('logged_out')
    expect(await reasonOf(session.refresh_token, owner)).toContain('session_ended')
    expect((await refresh(owner, inCookie(answer))).status).toBe(200)
  })

  test('ends that of somebody else, who was logged in there before', async () => {
    const [one, other] = [await signUpPerson(owner), await signUpPerson(owner)]
    await begin('/auth/login', { email: one.email }, other.session.refresh_token)
    expect(await endOf(other.session)).toBe('logout')
    expect(await eventTypes(other.userId)).toEqual(['user_signed_up', 'logged_out'])
    expect(await endOf(one.session)).toBeNull()
  })

  test('ends it once when D1 runs the batch twice', async () => {
    const { session, email, userId } = await signUpPerson(owner)
    const by = createClient({ interfere: failAfterCommit('d1', 1) })
    const answer = await begin('/auth/login', { email }, session.refresh_token, { by })
    expect(answer.status).toBe(200)
    expect(await endOf(session)).toBe('logout')
    expect(await eventTypes(userId)).toEqual(['user_signed_up', 'login_succeeded', 'logged_out'])
    expect((await refresh(owner, inCookie(answer))).status).toBe(200)
  })

  test('ends nothing by a cookie that is superseded, forged or an access token', async () => {
    const { session, email } = await signUpPerson(owner)
    advanceSeconds(60)
    const next = sessionOf(await refresh(owner, session.refresh_token))
    const forged = next.refresh_token.replace(/[^.]+$/, (signature) =>
      [...signature].reverse().join(''),
    )
    for (const cookie of [session.refresh_token, forged, next.access_token, 'junk']) {
      expect((await begin('/auth/login', { email }, cookie)).status).toBe(200)
      expect(await endOf(session)).toBeNull()
    }
    expect((await refresh(owner, next.refresh_token)).status).toBe(200)
  })

  test('ends nothing where its user is disabled', async () => {
    const [one, other] = [await signUpPerson(owner), await signUpPerson(owner)]
    await setActive(one.userId, false)
    const body = { email: one.email }
    const answer = await begin('/auth/login', body, other.session.refresh_token)
    expect(refusal(answer)).toBe('403 account_disabled')
    expect(await endOf(other.session)).toBeNull()
    expect(await eventTypes(other.userId)).toEqual(['user_signed_up'])
  })

  test('ends nothing where the cookie stays, or where it does not begin', async () => {
    const { session, email } = await signUpPerson(owner)
    const { refresh_token: cookie } = session
    expect((await begin('/auth/login', { email }, cookie, { transport: 'body' })).status).toBe(200)
    const wrong = await begin('/auth/login', { email, password: 'not the password' }, cookie)
    expect(refusal(wrong)).toBe('401 invalid_credentials')
    expect(refusal(await begin('/auth/signup', { email }, cookie))).toBe('409 email_taken')
    const toVerify = createClient({ vars: { EMAIL_VERIFICATION: 'required' } })
    const unverified = { email: newEmail() }
    expect((await begin('/auth/signup', unverified, cookie, { by: toVerify })).status).toBe(201)
    expect(await endOf(session)).toBeNull()
  })
})

describe('what a browser forgets', () => {
  const HEADER = 'Clear-Site-Data'

  test('with a logout by the API: its cache, never cookies', async () => {
    const { session } = await signUpPerson(owner)
    const answer = await owner.post('/auth/logout', { token: session.access_token })
    expect(answer.headers.get(HEADER)).toBe('"cache"')
  })

  test('with a logout at the pages: storage too, and the device is still known', async () => {
    const { browser } = await signUpInBrowser()
    const answer = await browser.submit('/logout')
    expect(answer.headers.get(HEADER)).toBe('"cache", "storage"')
    expect(browser.jar.has('__Host-refresh_token')).toBe(false)
    expect(browser.jar.has('__Host-device')).toBe(true)
  })

  test('with the account', async () => {
    const { session } = await signUpPerson(owner)
    const body = { password: PASSWORD }
    const answer = await owner.delete('/auth/me', { token: session.access_token, body })
    expect(answer.headers.get(HEADER)).toBe('"cache"')
  })

  test('nothing when the logout was refused', async () => {
    const answer = await owner.post('/auth/logout', { body: { refresh_token: 'junk' } })
    expect(refusal(answer)).toBe('401 invalid_token')
    expect(answer.headers.get(HEADER)).toBeNull()
    const me = await owner.get('/auth/me')
    expect(me.headers.get(HEADER)).toBeNull()
  })
})
