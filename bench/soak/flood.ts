import { signUp } from './accounts.ts'
import type { Actor } from './actor.ts'
import { ask, Unexpected } from './ask.ts'
import { claimsOf, type Person } from './person.ts'

const READERS = 8
const ACCOUNTS = 40
const MOST_LIVE = 50

/** Who floods: some only read, and into the accounts of the others everybody logs in at once. */
export async function gather(actor: Actor): Promise<readonly Person[]> {
  const people: Person[] = []
  while (people.length < READERS + ACCOUNTS) {
    const person = await signUp(actor)
    if (!person) continue
    person.state = 'unsure'
    people.push(person)
  }
  return people
}

/** As many connections as that, each asking again as soon as it is answered. */
export async function flood(
  actor: Actor,
  people: readonly Person[],
  { connections, isOver }: { connections: number; isOver: () => boolean },
): Promise<void> {
  const readers = people.slice(0, READERS)
  const accounts = people.slice(READERS)
  const begun = new Map<Person, number>()
  const pour = async () => {
    while (!isOver()) {
      const reader = actor.random.pickAny(readers)
      const account = actor.random.pickAny(accounts)
      if (reader && actor.random.chance(0.5)) await read(actor, reader)
      else if (account && (await enter(actor, account))) {
        begun.set(account, (begun.get(account) ?? 0) + 1)
      }
    }
  }
  const note = (error: unknown) => {
    if (!(error instanceof Unexpected)) throw error
    actor.world.ledger.find(`flood: ${error.message}`)
  }
  await Promise.all(Array.from({ length: connections }, () => pour().catch(note)))
  for (const logins of begun.values()) {
    // One session each has from signing up.
    actor.world.ledger.happened('session_limit_reached', Math.max(0, 1 + logins - MOST_LIVE))
  }
}

async function read({ world }: Actor, person: Person): Promise<void> {
  const token = person.live[0]?.accessToken
  const question = { verb: 'flood: me', method: 'GET', path: '/auth/me', token }
  await ask(world, person.from, question, ['200'])
}

/** Whether a session began: more than five at once may be refused. */
async function enter({ world }: Actor, { email, password, from }: Person): Promise<boolean> {
  const { ledger } = world
  const question = { verb: 'flood: login', method: 'POST', path: '/auth/login' }
  const allowed = ['200', '429 too_many_attempts']
  const answer = await ask(world, from, { ...question, body: { email, password } }, allowed)
  if (answer?.status === 200) {
    ledger.happened('login_succeeded')
    ledger.begun(claimsOf(String(answer.body['refresh_token'])).sid)
    return true
  }
  const unknown = ['failures', 'login_succeeded', 'session_limit_reached']
  if (!answer) for (const what of unknown) ledger.mayHaveHappened(what)
  return false
}
