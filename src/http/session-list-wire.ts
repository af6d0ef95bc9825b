import * as z from 'zod/mini'
import type { ListedSession } from '../auth/list-sessions'
import { type Answered, answer } from './named'
import { EXAMPLE_SESSION_ID, isoTime } from './wire'

export const SessionId = z.object({
  id: z
    .string()
    .check(
      z.maxLength(64),
      z.meta({ description: '`id` in the list of sessions', examples: [EXAMPLE_SESSION_ID] }),
    ),
})

/** Where else a session was given the tokens that somebody had just refreshed. */
export const OtherNetworks = () =>
  z
    .array(z.object({ ip: z.nullable(z.string()), at: z.iso.datetime() }))
    .check(
      z.describe(
        'Other networks in which its tokens were refreshed at the same time as here, and since when. From the fourth in a day on it has to be authenticated again',
      ),
    )

const ListedSessionFields = () =>
  z.object({
    id: z.string(),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    ip: z.nullable(z.string()),
    user_agent: z.nullable(z.string()),
    other_networks: OtherNetworks(),
  })

export const SessionList = answer('SessionList', () =>
  z.object({ sessions: z.array(z.extend(ListedSessionFields(), { current: z.boolean() })) }),
)

/** Of somebody else. */
export const UserSessionList = answer('UserSessionList', () =>
  z.object({ sessions: z.array(ListedSessionFields()) }),
)

export function presentSessions(sessions: readonly ListedSession[]): Answered<typeof SessionList> {
  return {
    sessions: sessions.map((session) => ({
      ...presentListedSession(session),
      current: session.isCurrent,
    })),
  }
}

export function presentListedSession(
  session: Omit<ListedSession, 'isCurrent'>,
): Answered<typeof ListedSessionFields> {
  return {
    id: session.id,
    created_at: isoTime(session.issuedAt),
    last_used_at: isoTime(session.lastUsedAt),
    expires_at: isoTime(session.expiresAt),
    ip: session.ip,
    user_agent: session.userAgent,
    other_networks: presentOtherNetworks(session.otherNetworks),
  }
}

export function presentOtherNetworks(
  networks: ListedSession['otherNetworks'],
): Answered<typeof OtherNetworks> {
  return networks.map(({ ip, at }) => ({ ip, at: isoTime(at) }))
}
