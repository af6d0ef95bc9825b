import type { AuthContext } from './auth/auth-context'
import { carryOutDeletions, eraseDepartures } from './auth/carry-out-departures'
import { cleanUp } from './auth/clean-up'
import { deliverEvents } from './auth/deliver-events'
import { deliverMails } from './auth/deliver-mails'
import { pruneAuditEvents } from './auth/prune-audit-events'
import { publishPendingRevocations } from './auth/publish-revocations'
import { sealAuditEvents } from './auth/seal-audit-events'
import { settleMailRequests } from './auth/settle-mail-requests'
import { runLogged } from './http/context'

/** What is done every minute, whether or not somebody asks for anything. */
export async function runScheduledJob(context: AuthContext): Promise<void> {
  const { log } = context
  await runLogged('publish_revocations', () => publishPendingRevocations(context), log)
  // Before they are sealed: what is erased is explained by the next seal.
  await runLogged('carry_out_deletions', () => carryOutDeletions(context), log)
  await runLogged('erase_departures', () => eraseDepartures(context), log)
  await runLogged('seal_audit_events', () => sealAuditEvents(context), log)
  await runLogged('prune_audit_events', () => pruneAuditEvents(context), log)
  await runLogged('clean_up', () => cleanUp(context), log)
  await runLogged('settle_mail_requests', () => settleMailRequests(context), log)
  // Last: they wait for others.
  await runLogged('deliver_mails', () => deliverMails(context), log)
  await runLogged('deliver_events', () => deliverEvents(context), log)
}
