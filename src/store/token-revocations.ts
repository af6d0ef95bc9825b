import { sql } from 'drizzle-orm'
import { type Actor, mayAct, selectActor } from './actors'
import { apiKeys } from './api-key-schema'
import { isRecorded, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, runBatch } from './database'
import { recordRevocationWhere } from './revocations'
import { userSessions } from './schema'
import type { SessionEnd } from './session-ends'
import type { Moment } from './sessions'

/** Ends a session whose token somebody was given, unless it has ended. */
export async function endSessionByActor(
  db: Database,
  actor: Actor,
  { sessionId, reason, event, revocation }: SessionEnd,
  moment: Moment,
) {
  const [[state], , , revocations] = await runBatch(db, [
    selectActor(db, actor, moment),
    db
      .update(userSessions)
      .set({ revokedAt: moment.now, revokedReason: reason })
      .where(sql`id = ${sessionId} and revoked_at is null and ${mayAct(actor, moment)}`),
    recordEventWhere(db, event, sql`changes() = 1`),
    recordRevocationWhere(db, revocation, isRecorded(event)),
  ])
  return { actor: state, revocations }
}

/** The same for an API key. */
export async function revokeApiKeyByActor(
  db: Database,
  actor: Actor,
  { id, event }: { id: string; event: NewAuditEvent },
  moment: Moment,
) {
  const [[state]] = await runBatch(db, [
    selectActor(db, actor, moment),
    db
      .update(apiKeys)
      .set({ revokedAt: moment.now })
      .where(sql`id = ${id} and revoked_at is null and ${mayAct(actor, moment)}`),
    recordEventWhere(db, event, sql`changes() = 1`),
  ])
  return { actor: state }
}
