import { sql } from 'drizzle-orm'
import { type Actor, mayAct, selectActor } from './actors'
import { type NewAuditEvent, recordEventWhere, selectRecorded } from './audit-events'
import { type Database, runBatch } from './database'
import { isFreeAddress, issueTokenWhere, type TokenMail } from './one-time-tokens'
import { mayGrant, selectGrantable } from './roles'
import type { Moment } from './sessions'

export interface Invitation {
  readonly email: { readonly address: string; readonly normalized: string }
  readonly roles: readonly string[]
  readonly token: TokenMail
  readonly event: NewAuditEvent
}

/** Has an address invited that is nobody's yet; what it gives must be the actor's to give. */
export async function invite(
  db: Database,
  actor: Actor,
  { email, roles, token, event }: Invitation,
  moment: Moment,
) {
  const isFree = isFreeAddress(email.normalized, null, moment.now)
  const isAllowed = sql`${mayAct(actor, moment)} and ${mayGrant(actor, roles)} and ${isFree}`
  const issued = sql`exists (select 1 from one_time_tokens where id = ${token.id})`
  const results = await runBatch(db, [
    selectActor(db, actor, moment),
    selectGrantable(db, actor, roles),
    ...issueTokenWhere(
      db,
      { ...token, roles: JSON.stringify(roles), invitedBy: actor.userId },
      { userId: null, email: email.address },
      isAllowed,
    ),
    recordEventWhere(db, event, issued),
    selectRecorded(db, event),
  ])
  const [[state], grantable] = results
  return { actor: state, grantable, isDone: results[6].length > 0 }
}
