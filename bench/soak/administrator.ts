import { signUp } from './accounts.ts'
import { type Actor, askAs } from './actor.ts'
import { type Answer, Unexpected } from './ask.ts'
import { attempt, habit, somebody } from './honest.ts'
import type { Ending, Person } from './person.ts'
import { logIn, logOut, requireEnded } from './sessions.ts'

const MOST_SESSIONS = 20

/** Administers the people of this client, who go on as anybody does. */
export async function administer(
  actor: Actor,
  admin: Person,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    const ward = await somebody(actor)
    if (!ward) continue
    const isActing = actor.random.chance(0.3)
    await attempt(actor, ward, isActing ? (_, person) => act(actor, admin, person) : habit(actor))
    if (admin.live.length > MOST_SESSIONS) await attempt(actor, admin, logOut)
    if (admin.live.length === 0) await attempt(actor, admin, logIn)
  }
}

/** A new administrator, made one as the operator does it. Before the load: it asks the database itself. */
export async function newAdministrator(actor: Actor): Promise<Person> {
  const person = await signUp(actor)
  if (!person) return newAdministrator(actor)
  await actor.world.db
    .prepare(
      `insert into user_roles (user_id, role_id, granted_at)
        select ?, id, ? from roles where name = 'admin'`,
    )
    .bind(person.userId, Date.now())
    .run()
  person.roles = ['admin', 'user']
  return person
}

async function act(actor: Actor, admin: Person, ward: Person): Promise<void> {
  const acts = [lookAround, disableAndEnable, endSessions, changeRoles, rename] as const
  await actor.random.pick(acts)(actor, admin, ward)
}

async function askAdmin(
  actor: Actor,
  admin: Person,
  question: { verb: string; method: string; path: string; body?: unknown },
): Promise<Answer> {
  const token = admin.live[0]?.accessToken
  const answer = await askAs(actor, admin, { ...question, token }, ['200'])
  if (!answer) throw new Unexpected(`${question.verb}: no answer`)
  return answer
}

async function lookAround(actor: Actor, admin: Person, ward: Person): Promise<void> {
  const { userId, email } = ward
  const look = (verb: string, path: string) => askAdmin(actor, admin, { verb, method: 'GET', path })
  const list = await look('list users', `/admin/users?email=${email}`)
  const users = list.body['users'] as { id: string }[]
  if (users.length !== 1 || users[0]?.id !== userId) throw new Unexpected('list users: not them')
  const user = await look('get user', `/admin/users/${userId}`)
  if (user.body['name'] !== ward.name) throw new Unexpected('get user: another name')
  const listed = await look('list sessions of user', `/admin/users/${userId}/sessions`)
  const ids = (listed.body['sessions'] as { id: string }[]).map(({ id }) => id)
  if (!ward.live.every(({ id }) => ids.includes(id))) throw new Unexpected('a session is missing')
  await look('list events', `/admin/audit-events?user=${userId}&limit=20`)
}

async function disableAndEnable(actor: Actor, admin: Person, ward: Person): Promise<void> {
  const { ledger } = actor.world
  const path = `/admin/users/${ward.userId}`
  const change = (verb: string) =>
    askAdmin(actor, admin, { verb: `${verb} user`, method: 'POST', path: `${path}/${verb}` })
  await change('disable')
  ledger.happened('user_disabled')
  ward.state = 'disabled'
  ward.keys.length = 0
  await endAll(actor, ward, 'user_disabled')
  const { email, password } = ward
  const question = { verb: 'login, disabled', method: 'POST', path: '/auth/login' }
  const body = { email, password }
  const answer = await askAs(actor, ward, { ...question, body }, ['403 account_disabled'])
  if (answer) ledger.happened('login_failed')
  else ledger.mayHaveHappened('login_failed')
  await change('enable')
  ledger.happened('user_enabled')
  ward.state = 'active'
}

async function endSessions(actor: Actor, admin: Person, ward: Person): Promise<void> {
  const path = `/admin/users/${ward.userId}/sessions`
  await askAdmin(actor, admin, { verb: 'end sessions of user', method: 'DELETE', path })
  actor.world.ledger.happened('user_sessions_ended')
  await endAll(actor, ward, 'ended_by_administrator')
}

async function endAll(actor: Actor, ward: Person, ending: Ending): Promise<void> {
  const [session] = ward.live
  ward.endAllBut(null, ending)
  if (session) await requireEnded(actor, ward, session)
}

async function changeRoles(actor: Actor, admin: Person, ward: Person): Promise<void> {
  const roles = ward.roles.length === 1 ? ['analyst', 'user'] : ['user']
  const path = `/admin/users/${ward.userId}/roles`
  await askAdmin(actor, admin, { verb: 'set roles', method: 'PUT', path, body: { roles } })
  actor.world.ledger.happened('roles_changed')
  ward.roles = roles
  for (const session of ward.live) session.isOutdated = true
}

const rename = async (actor: Actor, admin: Person, ward: Person): Promise<void> => {
  const name = actor.random.text(11)
  const path = `/admin/users/${ward.userId}`
  await askAdmin(actor, admin, { verb: 'rename user', method: 'PATCH', path, body: { name } })
  actor.world.ledger.happened('user_renamed')
  ward.name = name
}
