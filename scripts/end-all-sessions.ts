import { randomUUID } from 'node:crypto'
import { PERSONAL_COLUMNS, personalValues } from './audit-detail.ts'
import { type Query, quoted } from './database.ts'

/** As many as D1 ends well within the time of one statement. */
const CHUNK = 50_000

/**
 * Ends every session and every API key of everybody, and outdates every token, those of the replaced system too; with
 * `keepsApiKeys` the keys stay. The event stands first: who is cut off runs it again. Answers how many of each have ended.
 */
export async function endAllSessions(
  query: Query,
  { now, keepsApiKeys }: { now: number; keepsApiKeys: boolean },
): Promise<{ sessions: number; apiKeys: number }> {
  const detail = { api_keys: keepsApiKeys ? 'kept' : 'ended' }
  const personal = personalValues(detail).map(quoted).join(', ')
  await query(
    `insert into audit_events (id, occurred_at, type, outcome, ${PERSONAL_COLUMNS})
      values ('${randomUUID()}', ${now}, 'all_sessions_ended', 'success', ${personal})`,
    'update users set auth_epoch = auth_epoch + 1',
  )
  const sessions = await inChunks(
    query,
    `update user_sessions set revoked_at = ${now}, revoked_reason = 'ended_by_administrator'
      where id in (select id from user_sessions where revoked_at is null limit ${CHUNK})`,
  )
  if (keepsApiKeys) return { sessions, apiKeys: 0 }
  const apiKeys = await inChunks(
    query,
    `update api_keys set revoked_at = ${now}
      where id in (select id from api_keys where revoked_at is null limit ${CHUNK})`,
  )
  return { sessions, apiKeys }
}

async function inChunks(query: Query, statement: string): Promise<number> {
  for (let total = 0; ; ) {
    const [, counted] = await query(statement, 'select changes() as ended')
    const ended = Number(counted?.[0]?.['ended'] ?? 0)
    if (ended === 0) return total
    total += ended
  }
}
