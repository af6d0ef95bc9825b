import type { StoredSession } from './session-store'
import type { Surroundings } from './surroundings'

const EARLIEST = 0.4
const LATEST = 0.2

/**
 * How an access token stands: in the last 20 to 40 % of its life it is due for a refresh, at a share drawn once, so
 * that clients do not come all at once. Its age counts from when it was asked for: the service's clock may differ.
 */
export function createFreshness({ now, random }: Pick<Surroundings, 'now' | 'random'>) {
  let share: number | undefined
  return ({ received_at, expires_in }: StoredSession): 'fresh' | 'due' | 'over' => {
    // Not drawn before it is needed: a Worker has no chance at its start.
    share ??= LATEST + (EARLIEST - LATEST) * random()
    const age = now() - received_at
    const life = expires_in * 1000
    if (age >= life) return 'over'
    // A clock that was set back says nothing of the age.
    return age < 0 || age >= life * (1 - share) ? 'due' : 'fresh'
  }
}
