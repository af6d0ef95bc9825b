import { eq } from 'drizzle-orm'
import { type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, runBatch } from './database'
import { users } from './schema'
import { insertSessionWhere, type NewSession } from './sessions'
import { insertUser, type NewUser, selectAccount, userExists } from './users'

export interface SignUp {
  readonly user: NewUser
  readonly roleName: string
  readonly session: NewSession
  readonly event: NewAuditEvent
}

/**
 * Creates the user with a first session. Null when the email is somebody's already; the verdict is whether
 * the user with *our* id is there, so that a batch run again after an unclear commit finds its own work.
 */
export async function createUserWithSession(
  db: Database,
  { user, roleName, session, event }: SignUp,
) {
  const created = userExists(user.id)
  const [, , , , [account]] = await runBatch(db, [
    ...insertUser(db, user, roleName),
    insertSessionWhere(db, session, created),
    recordEventWhere(db, event, created),
    selectAccount(db, eq(users.id, user.id)),
  ])
  return account ?? null
}
