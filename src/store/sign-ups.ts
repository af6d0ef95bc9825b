import { eq, sql } from 'drizzle-orm'
import { isNewest, type NewAuditEvent, recordEventWhere } from './audit-events'
import { type Database, insertWhere, runBatch } from './database'
import {
  isFreeAddress,
  isRedeemable,
  isStillGiven,
  issueTokenWhere,
  type Redemption,
  redeemTokenWhere,
  type TokenMail,
} from './one-time-tokens'
import { announce } from './outbox'
import type { Revocation } from './revocation-markers'
import { oneTimeTokens, users } from './schema'
import { endReplacedSession, type ReplacedSession } from './session-ends'
import { insertSessionWhere, type NewSession, sessionExists } from './sessions'
import { grantRolesWhere, type NewUser, selectAccount, userExists } from './users'

export interface SignUp {
  readonly user: NewUser
  readonly roles: readonly string[]
  /** Null where the email has to be verified first. */
  readonly session: NewSession | null
  /** The link by which the email is verified, where that is asked for. */
  readonly verification: TokenMail | null
  readonly invitation: Redemption | null
  readonly event: NewAuditEvent
  /** What the browser was signed in to before. */
  readonly replaced: ReplacedSession | null
}

/**
 * Creates the user with a first session. No account when the email is somebody's already, or the invitation was used;
 * the verdict is whether the user with *our* id is there, so that a batch run again after an unclear commit finds
 * its own work.
 */
export async function createUserWithSession(db: Database, signUp: SignUp) {
  const { user, roles, session, verification, invitation, event, replaced } = signUp
  const grant = { userId: user.id, names: roles, grantedBy: null, now: user.createdAt }
  const isFree = isFreeAddress(user.emailNormalized, user.id, user.createdAt)
  const isInvited = invitation
    ? sql`exists (select 1 from ${oneTimeTokens}
        where ${isRedeemable(invitation)} and ${isStillGiven})`
    : sql`true`
  const isStarted = session ? sessionExists(session.id) : sql`false`
  const results = await runBatch(db, [
    insertWhere(db, users, user, sql`${isFree} and ${isInvited}`).onConflictDoNothing(),
    recordEventWhere(db, event, sql`changes() = 1`),
    grantRolesWhere(db, grant, isNewest(event)),
    announce(db, event, 'user_created'),
    selectAccount(db, eq(users.id, user.id)),
    ...(session ? [insertSessionWhere(db, session, userExists(user.id))] : []),
    ...(invitation ? [redeemTokenWhere(db, invitation, isNewest(event))] : []),
    ...(verification
      ? issueTokenWhere(db, verification, { userId: user.id, email: user.email }, isNewest(event))
      : []),
    // Last, since it records an event of its own.
    ...(replaced ? endReplacedSession(db, replaced, isStarted, user.createdAt) : []),
  ])
  const [, , , , [account]] = results
  const revocations = replaced ? (results.at(-1) as readonly Revocation[]) : []
  return { account: account ?? null, revocations }
}
