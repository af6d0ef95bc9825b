import { describe, expect, test } from 'vitest'
import { signUpHolder } from '../platform/administrators'
import { failAfterCommit } from '../platform/bindings'
import { createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { mailsTo, subjectOf, subjectsTo } from '../platform/mails'
import { openBrowser } from '../platform/page-browser'
import {
  listed,
  logInAgain,
  PASSWORD,
  reasonOf,
  refresh,
  sidOf,
  signUpPerson,
} from '../platform/people'
import { eventTypes, row, rows, sessionRows } from '../platform/records'

// A thief who has copied a session once, sits in another network, copies the user agent, and only ever comes second,
// inside the window.

const owner = createClient({ ip: '198.51.100.5', userAgent: 'Firefox/150' })
const thief = createClient({ ip: '203.0.113.9', userAgent: 'Firefox/150' })
const from = (third: number) => createClient({ ip: `203.0.${third}.9`, userAgent: 'Firefox/150' })

const DAY = 86_400
const ELSEWHERE = 'refreshed_from_elsewhere'
const FRESH = 'fresh_authentication_required'

/** Somebody whose token was superseded a second ago. */
async function rotated() {
  const person = await signUpPerson(owner)
  advanceSeconds(600)
  const { refresh_token: before } = person.session
  const next = sessionOf(await refresh(owner, before))
  advanceSeconds(1)
  return { ...person, before, next }
}

describe('an answer inside the window to another network', () => {
  test.each(['superseded', 'current'] as const)(
    'by the %s token is recorded with where from, once a day',
    async (which) => {
      const { userId, before, next } = await rotated()
      const token = which === 'current' ? next.refresh_token : before
      for (let again = 0; again < 3; again++) {
        const answer = await refresh(thief, token)
        expect(sessionOf(answer).refresh_token).toBe(next.refresh_token)
        expect(answer.cost.d1).toBe(1)
      }
      expect(await eventTypes(userId)).toEqual(['user_signed_up', ELSEWHERE])
      const event = await row(
        'select * from audit_events where type = ? and subject_id = ?',
        ELSEWHERE,
        userId,
      )
      expect(event).toMatchObject({ actor_id: null, outcome: 'success', session_id: sidOf(next) })
      expect(JSON.parse(String(event['personal']))).toMatchObject({ ip: '203.0.113.9' })
    },
  )

  test('is shown in the list, on the page, in the export and to administrators', async () => {
    const { email, userId, before, next } = await rotated()
    const since = new Date().toISOString()
    await refresh(thief, before)
    const other_networks = [{ ip: '203.0.113.9', at: since }]
    expect(await listed(next.access_token, owner)).toMatchObject([{ other_networks }])
    const exported = await owner.get('/auth/me/export', { token: next.access_token })
    expect(exported.body).toMatchObject({ sessions: [{ other_networks }] })
    const { token } = await signUpHolder('admin')
    const seen = await createClient().get(`/admin/users/${userId}/sessions`, { token })
    expect(seen.body).toMatchObject({ sessions: [{ other_networks }] })
    const browser = openBrowser()
    await browser.submit('/login', { email, password: PASSWORD })
    expect((await browser.get('/account')).text).toMatch(/another network: 203\.0\.113\.9, since/)
  })

  test('is nothing to write about where the network is the same', async () => {
    const { userId, before, next } = await rotated()
    const stored = await sessionRows(userId)
    await refresh(owner, before)
    await refresh(createClient({ ip: '198.51.100.77', userAgent: 'other/1' }), before)
    await refresh(owner, next.refresh_token)
    expect(await sessionRows(userId)).toEqual(stored)
    expect(await eventTypes(userId)).toEqual(['user_signed_up'])
  })

  test('nor is a rotation from there, which is inside no window', async () => {
    const { userId, next } = await rotated()
    advanceSeconds(60)
    await refresh(thief, next.refresh_token)
    expect(await eventTypes(userId)).toEqual(['user_signed_up'])
    expect(await sessionRows(userId)).toMatchObject([{ other_networks: null }])
  })

  test('that was refused as reuse is no answer', async () => {
    const { userId, before } = await rotated()
    const stranger = createClient({ ip: '203.0.113.9', userAgent: 'other/1' })
    expect(await reasonOf(before, stranger)).toContain('reused')
    expect(await sessionRows(userId)).toMatchObject([{ other_networks: null }])
    expect(await eventTypes(userId)).not.toContain(ELSEWHERE)
  })

  test('is recorded once when D1 runs the batch twice', async () => {
    const { userId, before } = await rotated()
    const interfere = failAfterCommit('d1', 0)
    const unlucky = createClient({ ip: '203.0.113.9', userAgent: 'Firefox/150', interfere })
    expect((await refresh(unlucky, before)).status).toBe(200)
    expect(await eventTypes(userId)).toEqual(['user_signed_up', ELSEWHERE])
  })

  test('is recorded anew after a day', async () => {
    const { userId, before, next } = await rotated()
    await refresh(thief, before)
    advanceSeconds(DAY)
    const later = sessionOf(await refresh(owner, next.refresh_token))
    await refresh(thief, later.refresh_token)
    expect(await eventTypes(userId)).toEqual(['user_signed_up', ELSEWHERE, ELSEWHERE])
    expect(await listed(later.access_token, owner)).toMatchObject([
      { other_networks: [{ ip: '203.0.113.9', at: new Date().toISOString() }] },
    ])
  })

  test('thirty times, always second: the owner sees it', async () => {
    const person = await signUpPerson(owner)
    let [mine, stolen] = [person.session, person.session]
    for (let i = 0; i < 30; i++) {
      advanceSeconds(600)
      mine = sessionOf(await refresh(owner, mine.refresh_token))
      advanceSeconds(8)
      stolen = sessionOf(await refresh(thief, stolen.refresh_token))
    }
    expect(await eventTypes(person.userId)).toEqual(['user_signed_up', ELSEWHERE])
    expect(await listed(mine.access_token, owner)).toMatchObject([
      { ip: '198.51.100.5', other_networks: [{ ip: '203.0.113.9' }] },
    ])
  })
})

describe('the fourth other network in a day', () => {
  /** Three other networks have been answered. */
  async function shadowedByThree() {
    const shadowed = await rotated()
    for (const third of [1, 2, 3]) {
      expect((await refresh(from(third), shadowed.before)).status).toBe(200)
    }
    return shadowed
  }

  test('is refused, and then everybody is, while nothing of the session ends', async () => {
    const { userId, before, next } = await shadowedByThree()
    expect(refusal(await refresh(from(4), before))).toBe('401 insufficient_user_authentication')
    const stored = await sessionRows(userId)
    expect(stored).toMatchObject([{ revoked_at: null }])
    for (const seconds of [0, 60, DAY]) {
      advanceSeconds(seconds)
      for (const client of [owner, thief, from(5), createClient({ userAgent: 'other/1' })]) {
        for (const token of [before, next.refresh_token]) {
          const answer = await refresh(client, token)
          expect(refusal(answer)).toBe('401 insufficient_user_authentication')
          expect(answer.headers.get('Set-Cookie')).toBeNull()
        }
      }
    }
    expect(await sessionRows(userId)).toEqual(stored)
    expect(await eventTypes(userId)).toEqual([
      'user_signed_up',
      ELSEWHERE,
      ELSEWHERE,
      ELSEWHERE,
      FRESH,
    ])
    const event = await row(
      'select outcome from audit_events where type = ? and subject_id = ?',
      FRESH,
      userId,
    )
    expect(event).toEqual({ outcome: 'failure' })
  })

  test('is answered when those before it were not of the same day', async () => {
    const { userId, next } = await shadowedByThree()
    advanceSeconds(DAY)
    const later = sessionOf(await refresh(owner, next.refresh_token))
    expect((await refresh(from(4), later.refresh_token)).status).toBe(200)
    expect(JSON.parse(String((await sessionRows(userId))[0]?.['other_networks']))).toHaveLength(1)
  })

  test('is recorded once when D1 runs the batch twice', async () => {
    const { userId, before } = await shadowedByThree()
    const interfere = failAfterCommit('d1', 0)
    const unlucky = createClient({ ip: '203.0.4.9', userAgent: 'Firefox/150', interfere })
    expect(refusal(await refresh(unlucky, before))).toBe('401 insufficient_user_authentication')
    expect((await eventTypes(userId)).filter((type) => type === FRESH)).toHaveLength(1)
  })

  test('is forgotten with a change of the password, and the session goes on', async () => {
    const { userId, before, next } = await shadowedByThree()
    await refresh(from(4), before)
    const body = { current_password: PASSWORD, new_password: 'completely new phrase 1' }
    const changed = await owner.post('/auth/change-password', { token: next.access_token, body })
    const renewed = sessionOf(changed)
    advanceSeconds(60)
    expect((await refresh(owner, renewed.refresh_token)).status).toBe(200)
    expect(await sessionRows(userId)).toMatchObject([{ other_networks: null }])
  })

  test('leads a person at the pages to the login', async () => {
    const { browser, userId } = await (async () => {
      const browser = openBrowser({ ip: '198.51.100.5', userAgent: 'Firefox/150' })
      const person = await signUpPerson(owner)
      await browser.submit('/login', { email: person.email, password: PASSWORD })
      return { browser, userId: person.userId }
    })()
    const networks = [1, 2, 3, 4].map((network) => ({ network: `n${network}`, ip: null, at: 0 }))
    await rows(
      'update user_sessions set other_networks = ? where user_id = ?',
      JSON.stringify(networks),
      userId,
    )
    advanceSeconds(900)
    const led = await browser.get('/account')
    expect(led.status).toBe(303)
    expect(led.headers.get('Location')).toBe('/login?next=%2Faccount')
  })
})

test('the list does not tell who has a copy of a session when its user refreshes', async () => {
  const { session } = await signUpPerson(owner)
  advanceSeconds(590)
  const { access_token: token } = session
  const seen = async () => (await listed(token, thief))[0]?.last_used_at
  const exported = async () => (await thief.get('/auth/me/export', { token })).body
  expect(await seen()).toBe(new Date().toISOString())
  advanceSeconds(10)
  await refresh(owner, session.refresh_token)
  advanceSeconds(3)
  expect(await seen()).toBe(new Date().toISOString())
  expect(await exported()).toMatchObject({ sessions: [{ last_used_at: new Date().toISOString() }] })
})

describe('a reuse', () => {
  test('mails the owner, once, and tells nobody from where', async () => {
    const person = await signUpPerson(owner)
    const other = await logInAgain(owner, person)
    advanceSeconds(60)
    await refresh(owner, person.session.refresh_token)
    advanceSeconds(60)
    for (let again = 0; again < 2; again++) {
      expect((await refresh(thief, person.session.refresh_token)).status).toBe(401)
    }
    expect(subjectsTo(person.email)).toEqual([subjectOf('refresh_token_reused')])
    const [mail] = mailsTo(person.email)
    expect(`${mail?.text}${mail?.html}`).not.toMatch(/203\.0\.113|198\.51\.100/)
    expect((await refresh(owner, other.refresh_token)).status).toBe(200)
  })

  test('mails the owner once when D1 runs the batch twice', async () => {
    const { email, before } = await rotated()
    advanceSeconds(60)
    await refresh(createClient({ interfere: failAfterCommit('d1', 0) }), before)
    expect(subjectsTo(email)).toEqual([subjectOf('refresh_token_reused')])
  })
})
