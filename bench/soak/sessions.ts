import { type Actor, askAs, impatience, settle, someSession, type Verb } from './actor.ts'
import { pause, Unexpected } from './ask.ts'
import { claimsOf, type HeldSession, type Person } from './person.ts'

const MOST_SESSIONS = 6
const MOST_STRAYS = 2
const SETTLED_MS = 400

export const logIn: Verb = async (actor, person) => {
  if (person.live.length >= MOST_SESSIONS) return
  const isPatient = person.strays >= MOST_STRAYS || person.strayGuesses >= MOST_STRAYS
  await logInOnce(actor, person, isPatient ? undefined : impatience(actor))
}

/** The session, unless its answer never came. */
export async function logInOnce(actor: Actor, person: Person, hangUpAfter?: number) {
  const { ledger } = actor.world
  const { email, password } = person
  const question = { verb: 'login', method: 'POST', path: '/auth/login', hangUpAfter }
  const answer = await askAs(actor, person, { ...question, body: { email, password } }, ['200'])
  if (!answer) {
    ledger.mayHaveHappened('login_succeeded')
    ledger.mayHaveHappened('failures')
    person.strays++
    person.guessedPerhaps()
    return null
  }
  ledger.happened('login_succeeded')
  person.proved()
  const session = person.hold(answer.body)
  ledger.begun(session.id)
  return session
}

/** The signed-in user, as the client knows them. */
export const readMe: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  if (!session) return
  const question = { verb: 'me', method: 'GET', path: '/auth/me', token: session.accessToken }
  const answer = await askAs(actor, person, question, ['200'])
  if (!answer) return
  const { id, email, name, roles, is_active: isActive } = answer.body
  const told = JSON.stringify([id, email, name, roles, isActive])
  const known = JSON.stringify([person.userId, person.email, person.name, person.roles, true])
  if (told !== known) throw new Unexpected(`me: ${told}, not ${known}`)
}

export const verify: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  if (!session) return
  const token = session.accessToken
  const allowed = session.isOutdated ? ['200', '401 invalid_token'] : ['200']
  await askAs(
    actor,
    person,
    { verb: 'verify', method: 'GET', path: '/auth/verify', token },
    allowed,
  )
}

/** Every session that lives is listed, and none that has ended. */
export const listSessions: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  if (!session) return
  const token = session.accessToken
  const question = { verb: 'list sessions', method: 'GET', path: '/auth/sessions', token }
  const answer = await askAs(actor, person, question, ['200'])
  if (!answer) return
  const listed = (answer.body['sessions'] as { id: string }[]).map(({ id }) => id)
  const missing = person.live.filter(({ id }) => !listed.includes(id))
  const ended = listed.filter((id) => person.ended.has(id))
  const isLonger = listed.length > person.live.length + person.strays
  if (missing.length === 0 && ended.length === 0 && !isLonger) return
  const counts = `${missing.length} missing, ${ended.length} ended, ${listed.length} in all`
  throw new Unexpected(`list sessions of ${person.userId}: ${counts}`)
}

export const refresh: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  if (session) await refreshOnce(actor, person, session)
}

/** Whose answer was lost, and who asks again with the same token: they must come by its successor. */
export const refreshLosingAnswers: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  if (!session) return
  await refreshOnce(actor, person, session, 1 + actor.random.below(40))
  // The one that was lost may have rotated after the one that was not.
  await pause(SETTLED_MS)
  await refreshOnce(actor, person, session)
}

async function refreshOnce(
  actor: Actor,
  person: Person,
  session: HeldSession,
  hangUpAfter?: number,
): Promise<void> {
  const askedAt = Date.now()
  const body = { refresh_token: session.refreshToken }
  const question = { verb: 'refresh', method: 'POST', path: '/auth/refresh', body, hangUpAfter }
  const { answer } = await settle(actor, person, question, { allowed: ['200'] })
  takeRefreshed(actor, session, answer.body, askedAt)
}

/** Notes what a refresh answered, which must be of the same session and no second rotation in a window. */
export function takeRefreshed(
  { world }: Actor,
  session: HeldSession,
  body: Readonly<Record<string, unknown>>,
  askedAt: number,
): void {
  const next = String(body['refresh_token'])
  if (claimsOf(next).sid !== session.id) throw new Unexpected('refresh: of another session')
  if (next !== session.refreshToken) {
    if (Date.now() - session.rotationAskedAt < world.graceMs) {
      throw new Unexpected(`refresh: session ${session.id} rotated twice in a window`)
    }
    session.refreshToken = next
    session.rotationAskedAt = askedAt
  }
  session.accessToken = String(body['access_token'])
  session.isOutdated = false
}

export const logOut: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  if (!session) return
  const { random } = actor
  const isByRefreshToken = random.chance(0.5)
  const question = {
    verb: 'logout',
    method: 'POST',
    path: '/auth/logout',
    ...(isByRefreshToken
      ? { body: { refresh_token: session.refreshToken } }
      : { token: session.accessToken }),
    hangUpAfter: impatience(actor),
  }
  await settle(actor, person, question, { allowed: ['200'] })
  actor.world.ledger.happened('logged_out')
  person.end(session, 'logout')
  await requireEnded(actor, person, session)
}

export const logOutEverywhere: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  if (!session) return
  const question = { verb: 'logout everywhere', method: 'POST', path: '/auth/logout' }
  const body = { everywhere: true }
  const token = session.accessToken
  const answer = await askAs(actor, person, { ...question, token, body }, ['200'])
  if (!answer) throw new Unexpected('logout everywhere: no answer')
  actor.world.ledger.happened('logged_out_everywhere')
  person.endAllBut(null, 'logout')
  await requireEnded(actor, person, session)
}

export const endOneSession: Verb = async (actor, person) => {
  const [from, other] = person.live
  if (!from || !other) return
  const question = {
    verb: 'end a session',
    method: 'DELETE',
    path: `/auth/sessions/${other.id}`,
    token: from.accessToken,
    hangUpAfter: impatience(actor),
  }
  const again = ['404 session_not_found']
  await settle(actor, person, question, { allowed: ['200'], again })
  actor.world.ledger.happened('session_ended')
  person.end(other, 'ended_by_user')
  await requireEnded(actor, person, other)
}

export const endOtherSessions: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  if (!session) return
  const question = { verb: 'end other sessions', method: 'DELETE', path: '/auth/sessions' }
  const answer = await askAs(actor, person, { ...question, token: session.accessToken }, ['200'])
  if (!answer) throw new Unexpected('end other sessions: no answer')
  actor.world.ledger.happened('other_sessions_ended')
  const [other] = person.live.filter((each) => each !== session)
  person.endAllBut(session, 'ended_by_user')
  if (other) await requireEnded(actor, person, other)
}

/** An ended session opens nothing, now and then by each of its tokens. */
export async function requireEnded(
  actor: Actor,
  person: Person,
  session: HeldSession,
): Promise<void> {
  if (actor.random.chance(0.5)) {
    const question = { verb: 'me', method: 'GET', path: '/auth/me', token: session.accessToken }
    await askAs(actor, person, question, ['401 invalid_token'])
    return
  }
  const body = { refresh_token: session.refreshToken }
  const question = { verb: 'refresh', method: 'POST', path: '/auth/refresh', body }
  await askAs(actor, person, question, ['401 invalid_refresh_token'])
}
