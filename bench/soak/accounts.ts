import {
  type Actor,
  addressOf,
  askAs,
  impatience,
  settle,
  someSession,
  type Verb,
} from './actor.ts'
import { ask, Unexpected } from './ask.ts'
import { Person } from './person.ts'

const MOST_GUESSES = 3
const MOST_STRAY_GUESSES = 2
const LINK_PAUSE_MS = 60_000
const MARGIN_MS = 8000
const LINKS_A_DAY = 5
const MOST_KEYS = 4

/** A new person, who is signed in; null when nobody knows. */
export async function signUp(actor: Actor): Promise<Person | null> {
  const { world, random, number } = actor
  const { ledger } = world
  const person = new Person({
    email: `c${number}.${random.text(14)}@soak.example`,
    password: `soak ${random.text(16)}`,
    from: addressOf(actor),
    isStaying: random.chance(0.5),
  })
  person.name = random.chance(0.5) ? random.text(8) : null
  const { email, password, name } = person
  const body = { email, password, name }
  const hangUpAfter = impatience(actor)
  const question = { verb: 'signup', method: 'POST', path: '/auth/signup', body, hangUpAfter }
  const answer = await ask(world, person.from, question, ['201'])
  if (!answer) {
    ledger.mayHaveHappened('user_signed_up')
    return null
  }
  ledger.happened('user_signed_up')
  ledger.begun(person.hold(answer.body).id)
  person.userId = (answer.body['user'] as { id: string }).id
  ledger.people.push(person)
  return person
}

export const guessOwnPassword: Verb = async (actor, person) => {
  if (person.guesses.most >= MOST_GUESSES) return
  const body = { email: person.email, password: `wrong ${actor.random.text(9)}` }
  const question = { verb: 'login, wrong', method: 'POST', path: '/auth/login', body }
  const answer = await askAs(actor, person, question, ['401 invalid_credentials'])
  noteGuess(actor, person, 'login_failed', answer !== null)
}

/** Where a signed-in user is asked for their password. */
export const mistypeOwnPassword: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  if (!session || person.guesses.most >= MOST_GUESSES) return
  const { text } = actor.random
  const body = { current_password: `wrong ${text(9)}`, new_password: `soak ${text(9)}` }
  const question = { verb: 'change password, wrong', method: 'POST', path: '/auth/change-password' }
  const token = session.accessToken
  const answer = await askAs(actor, person, { ...question, token, body }, ['403 wrong_password'])
  noteGuess(actor, person, 'password_check_failed', answer !== null)
}

function noteGuess({ world }: Actor, person: Person, event: string, isAnswered: boolean): void {
  if (!isAnswered) {
    world.ledger.mayHaveHappened(event)
    world.ledger.mayHaveHappened('failures')
    person.guessedPerhaps()
    return
  }
  world.ledger.happened('failures')
  const verdict = person.guessed()
  if (verdict === 'recorded') world.ledger.happened(event)
  if (verdict === 'perhaps') world.ledger.mayHaveHappened(event)
}

/** Somebody who has no account. */
export async function logInAsNobody(actor: Actor): Promise<void> {
  const { world, random } = actor
  const body = { email: `nobody.${random.text(14)}@soak.example`, password: random.text(12) }
  const question = { verb: 'login, unknown', method: 'POST', path: '/auth/login', body }
  const answer = await ask(world, addressOf(actor), question, ['401 invalid_credentials'])
  for (const what of ['failures', 'failures of nobody', 'login_failed']) {
    if (answer) world.ledger.happened(what)
    else world.ledger.mayHaveHappened(what)
  }
}

export const changeName: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  if (!session) return
  const name = actor.random.text(10)
  const question = {
    verb: 'change name',
    method: 'PATCH',
    path: '/auth/me',
    token: session.accessToken,
    body: { name },
    hangUpAfter: impatience(actor),
  }
  await settle(actor, person, question, { allowed: ['200'] })
  actor.world.ledger.happened('user_renamed')
  person.name = name
}

export const changePassword: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  if (!session || person.guesses.most >= MOST_GUESSES) return
  const { ledger } = actor.world
  const isPatient = person.strayGuesses >= MOST_STRAY_GUESSES
  const password = `soak ${actor.random.text(16)}`
  const question = {
    verb: 'change password',
    method: 'POST',
    path: '/auth/change-password',
    token: session.accessToken,
    body: { current_password: person.password, new_password: password },
    hangUpAfter: isPatient ? undefined : impatience(actor, 0.1),
  }
  // Wrong by then, where the first was heard.
  const again = ['403 wrong_password']
  const { tries } = await settle(actor, person, question, { allowed: ['200'], again })
  ledger.happened('password_changed')
  person.password = password
  person.endAllBut(session, 'password_changed')
  for (let lost = 1; lost < tries; lost++) {
    ledger.mayHaveHappened('password_check_failed')
    ledger.mayHaveHappened('failures')
    person.guessedPerhaps()
  }
  if (tries === 1) person.proved()
}

/** Has a link mailed, which happens once a minute at most, and now and then chooses a new password by it. */
export const forgetPassword: Verb = async (actor, person) => {
  const { world, random } = actor
  const elapsed = Date.now() - person.linkAskedAt
  const isMailed = elapsed > LINK_PAUSE_MS + MARGIN_MS && person.links < LINKS_A_DAY
  if (!isMailed && elapsed > LINK_PAUSE_MS - MARGIN_MS) return
  const body = { email: person.email }
  const question = { verb: 'forgot password', method: 'POST', path: '/auth/forgot-password', body }
  const answer = await askAs(actor, person, question, ['202'])
  if (!answer) throw new Unexpected('forgot password: no answer')
  if (!isMailed) return
  world.ledger.happened('password_reset_requested')
  person.linkAskedAt = Date.now()
  person.links++
  const token = await world.mailbox.takeToken(person.userId)
  if (!token) throw new Unexpected(`forgot password: no mail for ${person.userId}`)
  if (random.chance(0.7)) await resetPassword(actor, person, token)
}

async function resetPassword(actor: Actor, person: Person, token: string): Promise<void> {
  const { world, random } = actor
  const password = `soak ${random.text(16)}`
  const body = { token, new_password: password }
  const hangUpAfter = impatience(actor, 0.1)
  const asked = { verb: 'reset password', method: 'POST', path: '/auth/reset-password' }
  const question = { ...asked, body, hangUpAfter }
  await settle(actor, person, question, { allowed: ['200'], again: ['400 invalid_link'] })
  world.ledger.happened('password_reset')
  person.password = password
  person.proved()
  person.endAllBut(null, 'password_reset')
  person.keys.length = 0
}

export const deleteAccount: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  if (!session || person.isStaying || person.guesses.most >= MOST_GUESSES) return
  const { ledger } = actor.world
  const question = {
    verb: 'delete account',
    method: 'DELETE',
    path: '/auth/me',
    token: session.accessToken,
    body: { password: person.password },
    hangUpAfter: impatience(actor, 0.1),
  }
  const again = ['401 invalid_token']
  const { tries } = await settle(actor, person, question, { allowed: ['200'], again })
  ledger.happened('user_deleted')
  ledger.happened('personal_data_erased')
  ledger.mayHaveHappened('failures', tries - 1)
  person.state = 'gone'
}

export const createKey: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  if (!session || person.keys.length + person.strayKeys >= MOST_KEYS) return
  const body = { name: actor.random.text(6) }
  const token = session.accessToken
  const hangUpAfter = impatience(actor)
  const question = { verb: 'create key', method: 'POST', path: '/auth/api-keys', token, body }
  const answer = await askAs(actor, person, { ...question, hangUpAfter }, ['201'])
  if (!answer) {
    actor.world.ledger.mayHaveHappened('api_key_created')
    person.strayKeys++
    return
  }
  actor.world.ledger.happened('api_key_created')
  person.keys.push({ id: String(answer.body['id']), key: String(answer.body['key']) })
}

export const useKey: Verb = async (actor, person) => {
  const held = actor.random.pickAny(person.keys)
  if (!held) return
  const question = { verb: 'me, by key', method: 'GET', path: '/auth/me', apiKey: held.key }
  await askAs(actor, person, question, ['200'])
}

export const revokeKey: Verb = async (actor, person) => {
  const session = someSession(actor, person)
  const held = actor.random.pickAny(person.keys)
  if (!session || !held) return
  const question = {
    verb: 'revoke key',
    method: 'DELETE',
    path: `/auth/api-keys/${held.id}`,
    token: session.accessToken,
    hangUpAfter: impatience(actor),
  }
  await settle(actor, person, question, { allowed: ['200'], again: ['404 api_key_not_found'] })
  actor.world.ledger.happened('api_key_revoked')
  person.keys.splice(person.keys.indexOf(held), 1)
  const asked = { verb: 'me, by key', method: 'GET', path: '/auth/me', apiKey: held.key }
  await askAs(actor, person, asked, ['401 invalid_api_key'])
}
