import { sql } from 'drizzle-orm'
import type { Database } from './database'
import { userSessions } from './schema'

// From where else a session is used: who was answered inside the window from another network than the one that rotated.

/** From so many other networks in a day on, the session asks for a fresh authentication. */
const MOST_NETWORKS = 4
const DAY_MS = 24 * 60 * 60 * 1000

export interface OtherNetwork {
  readonly network: string | null
  readonly ip: string | null
  /** When it was first answered there. */
  readonly at: number
}

const listed = sql`coalesce(user_sessions.other_networks, '[]')`

/** As a column: the list. */
export const OTHER_NETWORKS = sql`${listed}`
  .mapWith((json: string): readonly OtherNetwork[] => JSON.parse(json))
  .as('other_networks')

/** Whether the session is used from so many networks that its user has to show again that it is them. */
export const mustAuthenticate = sql`(json_array_length(${listed}) >= ${MOST_NETWORKS})`

interface Place {
  readonly network: string | null
  readonly ip: string | null
  readonly now: number
  readonly dayAgo: number
}

export function placeOf(client: { network: string | null; ip: string | null }, now: number): Place {
  return { network: client.network, ip: client.ip, now, dayAgo: now - DAY_MS }
}

/**
 * A statement that notes the network at the sessions that the condition holds for, once a day. What is older than a day
 * goes, as long as there are fewer than what asks for a fresh authentication.
 */
export function noteNetworkWhere(
  db: Database,
  { network, ip, now, dayAgo }: Place,
  condition: ReturnType<typeof sql>,
) {
  const recent = sql`json_each(${listed}) where value ->> 'at' > ${dayAgo}`
  return db
    .update(userSessions)
    .set({
      otherNetworks: sql`(select json_group_array(json(value)) from (
        select value from ${recent}
        union all select json_object('network', ${network}, 'ip', ${ip}, 'at', ${now})))`,
    })
    .where(sql`${condition} and network is not ${network} and not ${mustAuthenticate}
      and not exists (select 1 from ${recent} and value ->> 'network' is ${network})`)
}
