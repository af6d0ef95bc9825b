import { type Actor, askAs } from './actor.ts'
import { ask, pause, Unexpected } from './ask.ts'
import { sendGarbage, sendHalf } from './garbage.ts'
import { attempt, habit, somebody } from './honest.ts'
import type { HeldSession, Person } from './person.ts'
import { logInOnce, readMe, requireEnded, takeRefreshed } from './sessions.ts'

type Step = (actor: Actor, person: Person) => Promise<void>

const PARALLEL = 8
const MOST_LIVE = 50
const MOST_LOGINS = 70
/** Fewer than keep everybody out who is not known there. */
const MOST_STRIKES = 60
const RECORDED_FAILURE = 5

/** One kind of misbehaviour each, for people who are never anybody else's. */
export const MISBEHAVIOURS: readonly Step[] = [
  refreshInParallel,
  (actor, person) => (actor.random.chance(0.2) ? replayLate : replayFromElsewhere)(actor, person),
  (actor, person) => (actor.random.chance(0.9) ? sendGarbage(actor, person) : sendHalf(actor)),
  hammer,
  hangUp,
  hoard,
  trespass,
]

/** Does its one thing until it is over. */
export async function misbehave(actor: Actor, step: Step, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const person = await somebody(actor)
    if (person?.live.length) await attempt(actor, person, step)
  }
}

async function refreshOf(actor: Actor, person: Person, refreshToken: string, label: string) {
  const body = { refresh_token: refreshToken }
  const question = { verb: 'refresh', method: 'POST', path: '/auth/refresh', body }
  const answer = await askAs(actor, person, question, [label])
  if (!answer) throw new Unexpected('refresh: no answer')
  return answer
}

/** All of them converge on one token. */
async function refreshInParallel(actor: Actor, person: Person): Promise<void> {
  const [session] = person.live
  if (!session) return
  const { refreshToken } = session
  const askedAt = Date.now()
  const answers = await Promise.all(
    Array.from({ length: PARALLEL }, () => refreshOf(actor, person, refreshToken, '200')),
  )
  const next = new Set(answers.map(({ body }) => body['refresh_token']))
  next.delete(refreshToken)
  if (next.size > 1) throw new Unexpected(`${next.size} successors of one refresh token`)
  const rotated = answers.find(({ body }) => body['refresh_token'] !== refreshToken)
  const last = rotated ?? answers[0]
  if (last) takeRefreshed(actor, session, last.body, askedAt)
  await readMe(actor, person)
  await pause(actor.random.below(500))
}

/** A superseded token that comes back after the window ends its session, and no other. */
async function replayLate(actor: Actor, person: Person): Promise<void> {
  await replay(actor, person, async (_session, spent) => {
    const until = Date.now() + actor.world.graceMs + 1500
    while (Date.now() < until) {
      await readMe(actor, person)
      await pause(500)
    }
    await refreshOf(actor, person, spent, '401 invalid_refresh_token')
  })
}

/** From another network and another device it does at once. */
async function replayFromElsewhere(actor: Actor, person: Person): Promise<void> {
  await replay(actor, person, async (_session, spent) => {
    const thief = { ip: `172.16.${actor.random.below(250)}.9`, userAgent: 'thief/1' }
    const body = { refresh_token: spent }
    const question = { verb: 'refresh', method: 'POST', path: '/auth/refresh', body }
    const answer = await ask(actor.world, thief, question, ['401 invalid_refresh_token'])
    if (!answer) throw new Unexpected('refresh: no answer')
  })
}

async function replay(
  actor: Actor,
  person: Person,
  comeBack: (session: HeldSession, spent: string) => Promise<void>,
): Promise<void> {
  const session = await logInOnce(actor, person)
  if (!session) return
  const askedAt = Date.now()
  const spent = session.refreshToken
  const { body } = await refreshOf(actor, person, spent, '200')
  takeRefreshed(actor, session, body, askedAt)
  if (session.refreshToken === spent) throw new Unexpected('refresh: the first did not rotate')
  await comeBack(session, spent)
  actor.world.ledger.happened('refresh_token_reused')
  person.end(session, 'reuse')
  await requireEnded(actor, person, session)
  for (const other of person.live) {
    const question = { verb: 'me', method: 'GET', path: '/auth/me', token: other.accessToken }
    await askAs(actor, person, question, ['200'])
  }
}

/** Guesses, many at once, at people of others, whom that keeps from nothing, and at nobody. */
async function hammer(actor: Actor): Promise<void> {
  const { world, random } = actor
  const isSpared = ({ from, isStaying, strikes }: Person) =>
    from.userAgent === `soak/${actor.number}` || !isStaying || strikes >= MOST_STRIKES
  const target = random.pickAny(world.ledger.people.filter((person) => !isSpared(person)))
  if (target && random.chance(0.7)) {
    target.strikes += PARALLEL
    await volley(actor, target.email)
  } else await volley(actor, `nobody.${random.text(14)}@soak.example`)
}

/** From an address of its own, where the first five failures are let through and the first and the fifth recorded. */
async function volley({ world, random }: Actor, email: string): Promise<void> {
  const { ledger } = world
  // Of 16 million.
  const [a, b, c] = [random.below(256), random.below(256), random.below(256)]
  const from = { ip: `172.${a}.${b}.${c}`, userAgent: 'hammer/1' }
  const body = { email, password: `guess ${random.text(9)}` }
  const question = { verb: 'login, hammered', method: 'POST', path: '/auth/login', body }
  const allowed = ['401 invalid_credentials', '429 too_many_attempts']
  const answers = await Promise.all(
    Array.from({ length: PARALLEL }, () => ask(world, from, question, allowed)),
  )
  const failures = answers.filter((answer) => answer?.status === 401).length
  const unknown = answers.filter((answer) => answer === null).length
  ledger.happened('failures', failures)
  ledger.mayHaveHappened('failures', unknown)
  ledger.happened('login_failed', failures >= RECORDED_FAILURE ? 2 : Math.min(failures, 1))
  ledger.mayHaveHappened('login_failed', Math.min(unknown, 2))
}

/** Whatever anybody does, and always gone before the answer. */
async function hangUp(actor: Actor, person: Person): Promise<void> {
  const { world, random } = actor
  const verb = habit(actor)
  const hurried = { ...random, chance: (probability: number) => random.chance(probability * 8) }
  await verb({ ...actor, random: hurried, world }, person)
}

/** Logs in until there are too many: the oldest ends. */
async function hoard(actor: Actor, person: Person): Promise<void> {
  for (let logins = 0; logins < MOST_LOGINS; logins++) {
    if (!(await logInOnce(actor, person))) return
    const [oldest] = person.live
    if (person.live.length <= MOST_LIVE || !oldest) continue
    actor.world.ledger.happened('session_limit_reached')
    person.end(oldest, 'session_limit')
    await requireEnded(actor, person, oldest)
  }
  // Nobody logs in for ever.
  person.state = 'left'
}

/** At what is somebody else's: to them it does not exist, or they may not. */
async function trespass(actor: Actor, person: Person): Promise<void> {
  const { world, random } = actor
  const other = random.pickAny(world.ledger.people)
  const theirs = other && random.pickAny(other.live)
  if (!other || !theirs || other.from.userAgent === person.from.userAgent) return pause(50)
  const token = person.live[0]?.accessToken
  const user = `/admin/users/${other.userId}`
  const roles = { roles: ['admin', 'user'] }
  const tries = [
    ['DELETE', `/auth/sessions/${theirs.id}`, '404 session_not_found'],
    ['DELETE', `/auth/api-keys/${other.keys[0]?.id ?? 'none'}`, '404 api_key_not_found'],
    ['GET', user, '403 permission_denied'],
    ['DELETE', `${user}/sessions`, '403 permission_denied'],
    ['POST', `${user}/disable`, '403 permission_denied'],
    ['PUT', `${user}/roles`, '403 permission_denied'],
  ] as const
  const [method, path, label] = random.pick<(typeof tries)[number]>(tries)
  const body = method === 'PUT' ? roles : undefined
  const answer = await askAs(actor, person, { verb: 'trespass', method, path, token, body }, [
    label,
  ])
  if (answer?.status === 403) world.ledger.happened('permission_denied')
  if (!answer) world.ledger.mayHaveHappened('permission_denied')
}
