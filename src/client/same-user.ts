import { AuthClientError } from './auth-client-error'
import type { KeptSession } from './renewal'
import type { StoredSession } from './session-store'

// A logout or another login may have come while a refresh was waited for.
export async function stillKept(kept: KeptSession, session: StoredSession): Promise<StoredSession> {
  const latest = await kept.current()
  if (!latest) throw new AuthClientError('signed_out')
  return ofSameUser(session, latest)
}

export function ofSameUser(
  before: StoredSession | undefined,
  session: StoredSession,
): StoredSession {
  if (!before || session.user.id === before.user.id) return session
  throw new AuthClientError('user_changed')
}
