import type { Locks, Surroundings } from './surroundings'

/** Runs what it is given when it is its turn. */
export type Turns = <Result>(act: () => Promise<Result>) => Promise<Result>

const LONGEST_WAIT_MS = 10_000

/** Runs what it is given one after the other; with locks and a name, in all tabs together. */
export function createTurns(
  name: string | undefined,
  { locks, sleep }: Pick<Surroundings, 'locks' | 'sleep'>,
): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return (act) => {
    // What the holder before has stored or told arrives with the lock, or just after.
    const late = () => sleep(0).then(act)
    const turn = last.then(() => (locks && name ? underLock(locks, name, late) : act()))
    last = turn.catch(() => {})
    return turn
  }
}

// Going on without the lock is safe, since the service makes parallel refreshes converge: where locks are refused
// (a sandboxed frame), or where the tab that holds it was put to sleep.
async function underLock<Result>(
  locks: Locks,
  name: string,
  act: () => Promise<Result>,
): Promise<Result> {
  let isHeld = false
  try {
    return await locks.request(name, { signal: AbortSignal.timeout(LONGEST_WAIT_MS) }, () => {
      isHeld = true
      return act()
    })
  } catch (error) {
    if (isHeld) throw error
    return act()
  }
}
