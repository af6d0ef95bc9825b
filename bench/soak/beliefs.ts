import type { Row } from '../../scripts/database.ts'
import { type Invariant, rows } from './invariant.ts'
import { hashOf, type Person } from './person.ts'
import type { World } from './world.ts'

const PAGE = 5000

/** What the clients believe of their people, against what the database has. */
export async function compareBeliefs(world: World): Promise<readonly Invariant[]> {
  const people = world.ledger.people.filter(({ state }) => state !== 'unsure')
  const users = await byId(world, 'users', 'id, name, is_active')
  const sessions = await byId(
    world,
    'user_sessions',
    'id, user_id, refresh_token_hash, revoked_reason',
  )
  const keys = await byId(world, 'api_keys', 'id, revoked_at')
  const roles = await rows(
    world,
    `select user_id, group_concat(name, ' ' order by name) as names from user_roles
      join roles on roles.id = role_id group by user_id`,
  )
  const rolesOf = new Map(roles.map(({ user_id, names }) => [user_id, names]))
  const live = Map.groupBy(
    [...sessions.values()].filter(({ revoked_reason: reason }) => reason === null),
    ({ user_id: userId }) => userId,
  )
  return [
    compare('people are as they were told', people, (person) => {
      const user = users.get(person.userId)
      if (person.state === 'gone') return user ? ['is still there'] : []
      if (!user) return ['is lost']
      const told = [person.name, person.state === 'disabled' ? 0 : 1, person.roles.join(' ')]
      const found = [user['name'], user['is_active'], rolesOf.get(person.userId)]
      return String(told) === String(found) ? [] : [`${found}, not ${told}`]
    }),
    compare('live sessions are live, with the token that is held', held(people), (person) =>
      person.live.flatMap(({ id, refreshToken }) => {
        const row = sessions.get(id)
        if (!row) return [`session ${id} is lost`]
        if (row['revoked_reason']) return [`session ${id} has ended: ${row['revoked_reason']}`]
        const isHeld = row['refresh_token_hash'] === hashOf(refreshToken)
        return isHeld ? [] : [`session ${id} has another token`]
      }),
    ),
    compare('ended sessions have ended, for the reason that they did', people, (person) =>
      [...person.ended].flatMap(([id, ending]) => {
        const row = sessions.get(id)
        if (person.state === 'gone') return row ? [`session ${id} is still there`] : []
        const reason = row ? (row['revoked_reason'] ?? 'none') : 'no row'
        return reason === ending ? [] : [`session ${id} has ended by ${reason}, not ${ending}`]
      }),
    ),
    compare('nobody has a session that nobody began', held(people), (person) => {
      const found = live.get(person.userId)?.length ?? 0
      const most = person.live.length + person.strays
      return found <= most ? [] : [`${found} sessions, ${most} at most`]
    }),
    compare('keys that can be used can be used', held(people), (person) =>
      person.keys.flatMap(({ id }) =>
        keys.get(id)?.['revoked_at'] === null ? [] : [`key ${id} has ended`],
      ),
    ),
  ]
}

function held(people: readonly Person[]): readonly Person[] {
  return people.filter(({ state }) => state !== 'gone')
}

function compare(
  name: string,
  people: readonly Person[],
  check: (person: Person) => readonly string[],
): Invariant {
  const broken = people.flatMap((person) =>
    check(person).map((text) => `${person.from.userAgent} ${person.userId}: ${text}`),
  )
  return { name, looked: people.length, broken }
}

async function byId(world: World, table: string, columns: string) {
  const found = new Map<string, Row>()
  for (let after = ''; ; ) {
    const page = await rows(
      world,
      `select ${columns} from ${table} where id > '${after}' order by id limit ${PAGE}`,
    )
    for (const row of page) found.set(String(row['id']), row)
    if (page.length < PAGE) return found
    after = String(page.at(-1)?.['id'])
  }
}
