import * as accounts from './accounts.ts'
import type { Actor, Verb } from './actor.ts'
import { Unexpected } from './ask.ts'
import type { Person } from './person.ts'
import * as sessions from './sessions.ts'

const MOST_PEOPLE = 3

/** What an honest client does, and how often. */
const HABITS: readonly (readonly [weight: number, verb: Verb])[] = [
  [22, sessions.readMe],
  [14, sessions.verify],
  [18, sessions.refresh],
  [3, sessions.refreshLosingAnswers],
  [6, sessions.listSessions],
  [8, sessions.logIn],
  [5, sessions.logOut],
  [0.5, sessions.logOutEverywhere],
  [2, sessions.endOneSession],
  [1, sessions.endOtherSessions],
  [2, accounts.guessOwnPassword],
  [2, accounts.logInAsNobody],
  [0.5, accounts.mistypeOwnPassword],
  [3, accounts.changeName],
  [1, accounts.changePassword],
  [1, accounts.forgetPassword],
  [0.5, accounts.deleteAccount],
  [1, accounts.createKey],
  [3, accounts.useKey],
  [1, accounts.revokeKey],
]
const WEIGHT = HABITS.reduce((sum, [weight]) => sum + weight, 0)

/** One thing after another, for a few people, until it is over. */
export async function beHonest(actor: Actor, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const person = await somebody(actor)
    if (person) await attempt(actor, person, habit(actor))
  }
}

/** Somebody who is signed in, new where there are too few. */
export async function somebody(actor: Actor): Promise<Person | null> {
  const { people, random } = actor
  const active = people.filter(({ state }) => state === 'active')
  people.splice(0, people.length, ...active)
  if (active.length < MOST_PEOPLE) {
    const joined = await accounts.signUp(actor).catch((error) => void note(actor, error))
    if (joined) people.push(joined)
    return joined ?? null
  }
  const person = random.pickAny(active) ?? null
  if (person && person.live.length === 0) await attempt(actor, person, sessions.logIn)
  return person
}

export function habit({ random }: Actor): Verb {
  let rest = random.fraction() * WEIGHT
  for (const [weight, verb] of HABITS) {
    rest -= weight
    if (rest < 0) return verb
  }
  return sessions.readMe
}

/** Does it; where the answer is not as it must be, that is a finding, and nothing more is believed of them. */
export async function attempt(actor: Actor, person: Person, verb: Verb): Promise<void> {
  if (person.state === 'unsure' || person.state === 'gone') return
  try {
    await verb(actor, person)
  } catch (error) {
    person.state = 'unsure'
    note(actor, error)
  }
}

function note({ world, number }: Actor, error: unknown): void {
  if (!(error instanceof Unexpected)) throw error
  world.ledger.find(`client ${number}: ${error.message}`)
}
