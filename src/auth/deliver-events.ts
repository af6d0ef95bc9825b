import type { EventMessage } from '../events/event-sink'
import { errorFields } from '../log'
import { claimEvents, giveUpEvents, type Outgoing, settleOutgoing } from '../store/outbox'
import { findAccounts, type UserAccount } from '../store/users'
import type { AuthContext } from './auth-context'

/**
 * Events at a time, of the six connections that an invocation may have; and how often in one run, which then ends
 * within the five minutes for which receivers take the time of a webhook for the present.
 */
const CHUNK = 5
const ROUNDS = 20

/**
 * The job's part: tells other applications what has happened to users, each event at least once, those of
 * one user in order. An event that nobody takes is tried again with growing pauses, and those of its user
 * wait; after a week it is given up.
 */
export async function deliverEvents(context: AuthContext): Promise<void> {
  const { db, eventSinks, log, now } = context
  const hasListeners = eventSinks.length > 0
  const givenUp = await giveUpEvents(db, now, { hasListeners })
  if (givenUp > 0 && hasListeners) log.error('events_given_up', { events: givenUp })
  for (let round = 0; hasListeners && round < ROUNDS; round++) {
    const events = await claimEvents(db, now, CHUNK)
    if (events.length === 0) return
    const accounts = await findAccounts(
      db,
      events.flatMap(({ userId }) => userId ?? []),
    )
    const results = await Promise.all(
      events.map((event) => deliver(context, event, accountOf(event, accounts))),
    )
    const ids = (wasTaken: boolean) =>
      events.filter((_event, index) => results[index] === wasTaken).map(({ id }) => id)
    await settleOutgoing(db, { taken: ids(true), left: ids(false) }, now)
  }
}

async function deliver(
  { eventSinks, log, now }: AuthContext,
  event: Outgoing,
  account: UserAccount | null,
): Promise<boolean> {
  const message = messageOf(event, account)
  try {
    const results = await Promise.allSettled(eventSinks.map((sink) => sink(message, now)))
    for (const result of results) if (result.status === 'rejected') throw result.reason
    return true
  } catch (error) {
    const { id, type, attempts } = event
    log.warning('event_not_delivered', { event_id: id, type, attempts, ...errorFields(error) })
    return false
  }
}

function accountOf({ userId }: Outgoing, accounts: readonly UserAccount[]) {
  return accounts.find(({ id }) => id === userId) ?? null
}

/** The user is as they are now, or null when they are gone: nothing of a person waits in the outbox. */
function messageOf(
  { id, type, userId, occurredAt }: Outgoing,
  account: UserAccount | null,
): EventMessage {
  const user = account && {
    id: account.id,
    email: account.email,
    name: account.name,
    is_active: account.isActive,
    email_verified: account.emailVerifiedAt !== null,
    roles: account.roles,
    created_at: new Date(account.createdAt).toISOString(),
  }
  const timestamp = new Date(occurredAt).toISOString()
  return { id, body: JSON.stringify({ type, timestamp, data: { user_id: userId, user } }) }
}
