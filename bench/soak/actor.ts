import { type Answer, ask, askUntilKnown, type From, type Question } from './ask.ts'
import type { HeldSession, Person } from './person.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** One client: it does one thing at a time, for people of its own. */
export interface Actor {
  readonly world: World
  readonly random: Random
  readonly number: number
  readonly people: Person[]
}

/** What somebody does. */
export type Verb = (actor: Actor, person: Person) => Promise<void>

const LONGEST_PATIENCE_MS = 80

/** Milliseconds, now and then, after which whoever asks hangs up. */
export function impatience({ random }: Actor, probability = 0.04): number | undefined {
  return random.chance(probability) ? 1 + random.below(LONGEST_PATIENCE_MS) : undefined
}

/** An address in the network of this client. */
export function addressOf({ number, random }: Actor): From {
  const ip = `10.${number >> 8}.${number & 255}.${1 + random.below(250)}`
  return { ip, userAgent: `soak/${number}` }
}

export function askAs(
  { world }: Actor,
  person: Person,
  question: Question,
  allowed: readonly string[],
): Promise<Answer | null> {
  return ask(world, person.from, question, allowed)
}

/** As `askUntilKnown` does. */
export function settle(
  { world }: Actor,
  person: Person,
  question: Question,
  answers: { allowed: readonly string[]; again?: readonly string[] },
): Promise<{ answer: Answer; tries: number }> {
  return askUntilKnown(world, person.from, question, answers)
}

/** Some live session of theirs, or undefined. */
export function someSession({ random }: Actor, person: Person): HeldSession | undefined {
  return random.pickAny(person.live)
}
