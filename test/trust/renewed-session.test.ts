import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { failAfterCommit, preempt } from '../platform/bindings'
import { type Answer, createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { mailsTo, subjectOf, subjectsTo } from '../platform/mails'
import { ledTo, ORIGIN, signUpInBrowser } from '../platform/page-browser'
import { logInAgain, PASSWORD, reasonOf, refresh, sidOf, verifiedPerson } from '../platform/people'
import { eventTypes, sessionRows } from '../platform/records'

// A changed password gives its session new tokens: what a thief has copied before is worth nothing.

const owner = createClient({ ip: '198.51.100.5', userAgent: 'Firefox/150' })
const thief = createClient({ ip: '203.0.113.9', userAgent: 'Firefox/150' })
const stranger = createClient({ ip: '203.0.113.9', userAgent: 'other/1' })
const NEW = 'completely new phrase 1'

interface Change {
  readonly current?: string
  readonly next?: string
  readonly by?: typeof owner
}

const change = (token: string, { current = PASSWORD, next = NEW, by = owner }: Change = {}) =>
  by.post('/auth/change-password', {
    token,
    body: { current_password: current, new_password: next },
  })

async function changed() {
  const person = await verifiedPerson(owner)
  advanceSeconds(60)
  const second = sessionOf(await refresh(owner, person.session.refresh_token))
  advanceSeconds(60)
  const renewed = sessionOf(await change(second.access_token))
  return { ...person, first: person.session, second, renewed }
}

describe('a copy from before', () => {
  test('is superseded for the window, and ends, mails, records and takes back nothing', async () => {
    const { userId, email, first, second, renewed } = await changed()
    const before = await sessionRows(userId)
    const [events, mails] = [await eventTypes(userId), mailsTo(email).length]
    for (const token of [first.refresh_token, second.refresh_token]) {
      for (const client of [owner, thief]) {
        const answer = await refresh(client, token)
        expect(refusal(answer)).toBe('401 superseded')
        expect(answer.headers.get('Set-Cookie')).toBeNull()
        expect(answer.cost.kvWrites).toBe(0)
      }
    }
    expect(await sessionRows(userId)).toEqual(before)
    expect(await eventTypes(userId)).toEqual(events)
    expect(mailsTo(email)).toHaveLength(mails)
    const goesOn = sessionOf(await refresh(owner, renewed.refresh_token))
    expect(goesOn.refresh_token).toBe(renewed.refresh_token)
  })

  test('is a reuse once the window is over', async () => {
    const { email, second, renewed } = await changed()
    advanceSeconds(9.999)
    expect(refusal(await refresh(thief, second.refresh_token))).toBe('401 superseded')
    advanceSeconds(0.001)
    expect(await reasonOf(second.refresh_token, thief)).toContain('reused')
    expect(await reasonOf(renewed.refresh_token, owner)).toContain('session_ended')
    expect(subjectsTo(email)).toContain(subjectOf('refresh_token_reused'))
  })

  test('is a reuse at once from a stranger', async () => {
    const { first, renewed } = await changed()
    expect(await reasonOf(first.refresh_token, stranger)).toContain('reused')
    expect(await reasonOf(renewed.refresh_token, owner)).toContain('session_ended')
  })

  test('of an access token is refused by every route behind one', async () => {
    const { second, renewed } = await changed()
    const paths = [
      '/auth/me',
      '/auth/sessions',
      '/auth/me/export',
      '/auth/api-keys',
      '/auth/verify',
    ]
    for (const path of paths) {
      expect(refusal(await thief.get(path, { token: second.access_token })), path).toBe(
        '401 invalid_token',
      )
      expect((await owner.get(path, { token: renewed.access_token })).status, path).toBe(200)
    }
  })

  test('keeps away when the session rotates on', async () => {
    const { userId, second, renewed } = await changed()
    advanceSeconds(600)
    const next = sessionOf(await refresh(owner, renewed.refresh_token))
    expect(next.refresh_token).not.toBe(renewed.refresh_token)
    advanceSeconds(5)
    expect(await reasonOf(second.refresh_token, thief)).toContain('reused')
    expect(await sessionRows(userId)).toMatchObject([{ revoked_reason: 'reuse' }])
  })
})

test('says when its user was authenticated, which a refresh keeps and does not raise', async () => {
  const { first, second, renewed } = await changed()
  const authTime = ({ access_token }: { access_token: string }) =>
    decodeJwt(access_token)['auth_time']
  expect(authTime(second)).toBe(authTime(first))
  expect(authTime(renewed)).toBe(Math.floor(Date.now() / 1000))
  advanceSeconds(600)
  const next = sessionOf(await refresh(owner, renewed.refresh_token))
  expect(authTime(next)).toBe(authTime(renewed))
  expect(decodeJwt(next.access_token)['epoch']).toBe(decodeJwt(renewed.access_token)['epoch'])
})

describe('an answer that was lost', () => {
  test('is given again to the same request, within a minute', async () => {
    const { userId, email, second } = await changed()
    const [before] = await sessionRows(userId)
    advanceSeconds(59)
    const again = await change(second.access_token)
    const renewed = sessionOf(again)
    expect(again.cost).toMatchObject({ d1: 2, kvWrites: 0, derivations: 6 })
    expect(sidOf(renewed)).toBe(sidOf(second))
    expect((await owner.get('/auth/me', { token: renewed.access_token })).status).toBe(200)
    expect((await refresh(owner, renewed.refresh_token)).status).toBe(200)
    const [after] = await sessionRows(userId)
    expect(after).toMatchObject({
      previous_refresh_token_hash: before?.['refresh_token_hash'],
      authenticated_at: Date.now(),
      revoked_at: null,
    })
    expect(subjectsTo(email)).toEqual([subjectOf('password_changed')])
    expect(refusal(await refresh(owner, second.refresh_token))).toBe('401 superseded')
  })

  test('by a token that was not lost, too', async () => {
    const { renewed } = await changed()
    const again = await change(renewed.access_token)
    expect(sidOf(sessionOf(again))).toBe(sidOf(renewed))
    expect(again.cost).toMatchObject({ d1: 2, derivations: 12 })
  })

  test('not after a minute', async () => {
    const { userId, second, renewed } = await changed()
    const [before] = await sessionRows(userId)
    advanceSeconds(60)
    expect(refusal(await change(second.access_token))).toBe('401 invalid_token')
    expect(refusal(await change(renewed.access_token))).toBe('403 wrong_password')
    // That they were here is noted.
    expect(await sessionRows(userId)).toEqual([{ ...before, last_used_at: Date.now() }])
  })

  test('not for another new password, which counts as an attempt', async () => {
    const { userId, email, second } = await changed()
    const before = await sessionRows(userId)
    for (let again = 0; again < 5; again++) {
      const wrong = await change(second.access_token, { next: 'not what it was changed to' })
      expect(refusal(wrong)).toBe('403 wrong_password')
    }
    expect(refusal(await change(second.access_token))).toBe('429 too_many_attempts')
    expect(await sessionRows(userId)).toEqual(before)
    expect((await eventTypes(userId)).at(-1)).toBe('password_check_failed')
    advanceSeconds(3600)
    const login = { email, password: NEW }
    expect((await owner.post('/auth/login', { body: login })).status).toBe(200)
  })

  test('not to a second change with a token from before', async () => {
    const { userId, second } = await changed()
    const before = await sessionRows(userId)
    const next = 'chosen by somebody else'
    const answer = await change(second.access_token, { current: NEW, next, by: thief })
    expect(refusal(answer)).toBe('403 wrong_password')
    expect(await sessionRows(userId)).toEqual(before)
  })

  test('not to a session that ended with the change', async () => {
    const person = await verifiedPerson(owner)
    const other = await logInAgain(owner, person)
    sessionOf(await change(person.session.access_token))
    expect(refusal(await change(other.access_token))).toBe('401 invalid_token')
  })

  test('the same request twice at once is done once, and answered twice', async () => {
    const { session, userId, email } = await verifiedPerson(owner)
    const answers = await Promise.all([change(session.access_token), change(session.access_token)])
    for (const answer of answers) {
      expect((await owner.get('/auth/me', { token: sessionOf(answer).access_token })).status).toBe(
        200,
      )
    }
    expect(await sessionRows(userId)).toMatchObject([{ revoked_at: null }])
    expect(subjectsTo(email)).toEqual([subjectOf('password_changed')])
  })

  test('the same request, overtaken by itself, derives the hash and verifies the new password once more', async () => {
    const { session } = await verifiedPerson(owner)
    let first = 0
    const overtake = async () => {
      first = (await change(session.access_token)).cost.derivations
    }
    const interfere = preempt('d1', 1, overtake)
    const by = createClient({ ip: '198.51.100.5', userAgent: 'Firefox/150', interfere })
    const { cost } = await change(session.access_token, { by })
    expect([first, cost.derivations - first]).toEqual([12, 18])
  })

  test.each([
    ['the change', {}],
    ['the repetition', { isRepeated: true }],
  ])(
    'of D1 after the commit: %s rotates once',
    async (_name, { isRepeated = false }: object & { isRepeated?: boolean }) => {
      const { session, userId } = await verifiedPerson(owner)
      if (isRepeated) await change(session.access_token)
      const [before] = await sessionRows(userId)
      const interfere = failAfterCommit('d1', 1)
      const by = createClient({ ip: '198.51.100.5', userAgent: 'Firefox/150', interfere })
      const renewed = sessionOf(await change(session.access_token, { by }))
      const [after] = await sessionRows(userId)
      expect(after?.['previous_refresh_token_hash']).toBe(before?.['refresh_token_hash'])
      expect((await owner.get('/auth/me', { token: renewed.access_token })).status).toBe(200)
      expect((await refresh(owner, renewed.refresh_token)).status).toBe(200)
      advanceSeconds(60)
      expect((await refresh(owner, renewed.refresh_token)).status).toBe(200)
    },
  )
})

describe('a batch of a refresh that D1 runs twice is no reuse of its own', () => {
  const unlucky = createClient({
    vars: { AUTH_REFRESH_GRACE: '1' },
    interfere: failAfterCommit('d1', 0),
  })

  test('with the shortest window', async () => {
    const { session, userId } = await verifiedPerson(owner)
    advanceSeconds(60)
    expect((await refresh(unlucky, session.refresh_token)).status).toBe(200)
    expect(await sessionRows(userId)).toMatchObject([{ revoked_at: null }])
  })

  test('by a clock further behind than the window is long', async () => {
    const { session, userId } = await verifiedPerson(owner)
    advanceSeconds(-5)
    const next = sessionOf(await refresh(unlucky, session.refresh_token))
    expect(next.refresh_token).not.toBe(session.refresh_token)
    expect(await sessionRows(userId)).toMatchObject([{ revoked_at: null }])
    expect(await eventTypes(userId)).toEqual(['user_signed_up'])
  })
})

describe('in a browser', () => {
  const browser = (cookie: string, token: string, more: object = {}, origin = ORIGIN) =>
    owner.post('/auth/change-password', {
      token,
      body: { current_password: PASSWORD, new_password: NEW, ...more },
      headers: { Origin: origin, Cookie: `__Host-refresh_token=${cookie}` },
    })
  const inCookie = (answer: Answer) =>
    /__Host-refresh_token=([^;]+)/.exec(answer.headers.get('Set-Cookie') ?? '')?.[1] ?? ''

  test.each([{}, { transport: 'cookie' }, { transport: 'body' }])(
    'the cookie of the session gets the new token, whatever was asked for: %o',
    async (more) => {
      const { session } = await verifiedPerson(owner)
      const answer = await browser(session.refresh_token, session.access_token, more)
      expect(answer.status).toBe(200)
      expect(answer.body).not.toHaveProperty('refresh_token')
      expect((await refresh(owner, inCookie(answer))).status).toBe(200)
    },
  )

  test('the cookie of another session stays', async () => {
    const { session } = await verifiedPerson(owner)
    const other = await verifiedPerson(owner)
    const answer = await browser(other.session.refresh_token, session.access_token)
    expect(answer.headers.get('Set-Cookie')).toBeNull()
    expect((await refresh(owner, sessionOf(answer).refresh_token)).status).toBe(200)
    expect((await refresh(owner, other.session.refresh_token)).status).toBe(200)
  })

  test('a page of somebody else changes nothing by it', async () => {
    const { session, userId } = await verifiedPerson(owner)
    const before = await sessionRows(userId)
    const evil = 'https://evil.example'
    const answer = await browser(session.refresh_token, session.access_token, {}, evil)
    expect(refusal(answer)).toBe('403 origin_not_allowed')
    expect(await sessionRows(userId)).toEqual(before)
  })

  test('the form of the account page goes on, sent twice too', async () => {
    const { browser: page, userId } = await signUpInBrowser()
    const jar = new Map(page.jar)
    const fields = { current_password: PASSWORD, new_password: NEW }
    for (let again = 0; again < 2; again++) {
      for (const [name, value] of jar) page.jar.set(name, value)
      const answer = await page.submit('/account/password', fields)
      expect(ledTo(answer)).toBe('303 /account?done=password_changed')
      expect((await page.get('/account')).status).toBe(200)
    }
    advanceSeconds(900)
    expect((await page.get('/account')).status).toBe(200)
    expect(await sessionRows(userId)).toMatchObject([{ revoked_at: null }])
  })

  test('cookies from before lead to the login, and are not taken back', async () => {
    const { browser: page, userId } = await signUpInBrowser()
    const jar = new Map(page.jar)
    await page.submit('/account/password', { current_password: PASSWORD, new_password: NEW })
    for (const [name, value] of jar) page.jar.set(name, value)
    const led = await page.get('/account')
    expect(ledTo(led)).toBe('303 /login?next=%2Faccount')
    expect(led.headers.getSetCookie()).toEqual([])
    expect(await sessionRows(userId)).toMatchObject([{ revoked_at: null }])
  })
})
