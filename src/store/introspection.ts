import { eq, sql } from 'drizzle-orm'
import { type Actor, selectActor } from './actors'
import { selectPresentedKey } from './api-keys'
import { type Database, runBatch } from './database'
import { selectRevocations } from './revocations'
import { users } from './schema'
import { type Moment, selectSession } from './sessions'
import { selectAccount } from './users'

/** What decides whether a token of a session counts, and the actor that asks. */
export async function findSessionState(
  db: Database,
  actor: Actor,
  {
    sessionId,
    userId,
    revocationKeys,
  }: { sessionId: string; userId: string; revocationKeys: readonly string[] },
  moment: Moment,
) {
  const [[state], [session], [account], revocations] = await runBatch(db, [
    selectActor(db, actor, moment),
    selectSession(db, sessionId, moment),
    selectAccount(db, eq(users.id, userId)),
    selectRevocations(db, revocationKeys, moment.now),
  ])
  const markers = new Map(revocations.map(({ key, value }) => [key, value]))
  return { actor: state, session: session ?? null, account: account ?? null, markers }
}

/** The same of an API key. */
export async function findKeyState(db: Database, actor: Actor, id: string, moment: Moment) {
  const [[state], [key], [account]] = await runBatch(db, [
    selectActor(db, actor, moment),
    selectPresentedKey(db, id, moment),
    selectAccount(db, sql`users.id = (select user_id from api_keys where api_keys.id = ${id})`),
  ])
  return { actor: state, key: key ?? null, account: account ?? null }
}
