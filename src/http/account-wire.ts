import * as z from 'zod/mini'
import type { ExportedAccount } from '../auth/export-account'
import { ApiKey, presentApiKey } from './api-key-wire'
import { AuditEvent, presentOwnAuditEvent } from './audit-wire'
import { type Answered, answer } from './named'
import { OtherNetworks, presentOtherNetworks } from './session-list-wire'
import { isoTime, presentUser, User } from './wire'

/** What DELETE /auth/me answers while a change of the email can be undone. */
export const DeletionScheduled = answer('DeletionScheduled', () =>
  z.object({ message: z.string(), deletes_at: z.iso.datetime() }),
)

export function presentDeletion(deletesAt: number): Answered<typeof DeletionScheduled> {
  return {
    message:
      'The account is disabled, and will be deleted when the change of its email cannot be undone any more',
    deletes_at: isoTime(deletesAt),
  }
}

/** What GET /auth/me/export answers. */
export const AccountExport = answer('AccountExport', () =>
  z.object({
    user: User(),
    roles: z.array(z.object({ role: z.string(), granted_at: z.iso.datetime() })),
    sessions: z.array(
      z.object({
        id: z.string(),
        created_at: z.iso.datetime(),
        last_used_at: z.iso.datetime(),
        expires_at: z.iso.datetime(),
        ended_at: z.nullable(z.iso.datetime()),
        ended_reason: z.nullable(z.string()),
        ip: z.nullable(z.string()),
        user_agent: z.nullable(z.string()),
        other_networks: OtherNetworks(),
      }),
    ),
    api_keys: z.array(z.extend(ApiKey(), { revoked_at: z.nullable(z.iso.datetime()) })),
    audit_events: z.array(AuditEvent()),
  }),
)

export function presentExport({
  account,
  grants,
  sessions,
  apiKeys,
  events,
}: ExportedAccount): Answered<typeof AccountExport> {
  return {
    user: presentUser(account),
    roles: grants.map(({ role, grantedAt }) => ({ role, granted_at: isoTime(grantedAt) })),
    sessions: sessions.map((session) => ({
      id: session.id,
      created_at: isoTime(session.issuedAt),
      last_used_at: isoTime(session.lastUsedAt),
      expires_at: isoTime(session.expiresAt),
      ended_at: session.revokedAt === null ? null : isoTime(session.revokedAt),
      ended_reason: session.revokedReason,
      ip: session.ip,
      user_agent: session.userAgent,
      other_networks: presentOtherNetworks(session.otherNetworks),
    })),
    api_keys: apiKeys.map((key) => ({
      ...presentApiKey(key),
      revoked_at: key.revokedAt === null ? null : isoTime(key.revokedAt),
    })),
    audit_events: events.map((event) => presentOwnAuditEvent(event, account.id)),
  }
}
