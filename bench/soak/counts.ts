import { type Invariant, rows } from './invariant.ts'
import type { Range } from './ledger.ts'
import type { World } from './world.ts'

/** Each of these counts by four counters. */
const COUNTERS = 4

/** How often things have happened, against what the clients were told. */
export async function countEvents(world: World): Promise<readonly Invariant[]> {
  const { ledger } = world
  const found = await rows(world, 'select type, count(*) as n from audit_events group by type')
  const counts = new Map(found.map(({ type, n }) => [String(type), Number(n)]))
  const types = new Set([...counts.keys(), ...ledger.events()])
  const [{ users = 0, failures = 0, attempts = 0 } = {}] = await rows(
    world,
    `select (select count(*) from users) as users,
      (select coalesce(sum(failures), 0) from login_attempts) as failures,
      (select count(*) from login_attempts) as attempts`,
  )
  const [signedUp, deleted] = [ledger.count('user_signed_up'), ledger.count('user_deleted')]
  const left = { least: signedUp.least - deleted.most, most: signedUp.most - deleted.least }
  const counted = {
    // The others may have been taken back by the right password, or forgotten with a reset.
    least: COUNTERS * ledger.count('failures of nobody').least,
    most: COUNTERS * ledger.count('failures').most,
  }
  return [
    ...[...types].toSorted().map((type) => {
      const n = counts.get(type) ?? 0
      return within(`events: ${type}, ${told(ledger.count(type))}`, n, n, ledger.count(type))
    }),
    within(`users: signed up and not gone, ${told(left)}`, Number(users), Number(users), left),
    within(`failures counted, ${told(counted)}`, Number(attempts), Number(failures), counted),
  ]
}

function told({ least, most }: Range): string {
  return least === most ? `${least} told` : `${least} to ${most} told`
}

function within(name: string, looked: number, n: number, { least, most }: Range): Invariant {
  return { name, looked, broken: n >= least && n <= most ? [] : [`${n}, not ${least} to ${most}`] }
}
