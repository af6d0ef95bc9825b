import { randomText, sha256 } from '../crypto/digest'
import { uuidV7 } from '../crypto/uuid'
import type { NewAuditEvent } from '../store/audit-events'
import type { AuthContext } from './auth-context'
import { canonicalJson } from './canonical-json'

/** Every event that the audit trail can hold. */
export type AuditEventType =
  /** Somebody created their own account; they are signed in. */
  | 'user_signed_up'
  /** The right password of an active account; a session began. */
  | 'login_succeeded'
  /**
   * `detail.reason`: unknown_email, wrong_password, no_password, or, after the right one, account_disabled,
   * email_not_verified. Of wrong ones only the first and the fifth of an email from a network, and the one that
   * blocks: `detail.failures`, and `detail.blocked` email or network.
   */
  | 'login_failed'
  /** A session was ended by one of its own tokens. */
  | 'logged_out'
  /** All sessions of a user were ended by a token of one of them. */
  | 'logged_out_everywhere'
  /** A user ended one of their sessions from another, or their own, by its id. */
  | 'session_ended'
  /** A user ended all of their sessions but the one they did it from. */
  | 'other_sessions_ended'
  /** A login was one more than a user may have live sessions; the oldest ended. */
  | 'session_limit_reached'
  /** A superseded refresh token came back; its session was ended, and its user told by mail. */
  | 'refresh_token_reused'
  /**
   * Inside the window a session was given to another network than the one that rotated its token: where from is the event's
   * own address. Once for each network and day.
   */
  | 'refreshed_from_elsewhere'
  /** The same from a fourth network in a day: refused, and so is everybody until the user has shown again that it is them. */
  | 'fresh_authentication_required'
  /** A signed-in user gave a wrong password where theirs is asked for. `detail.for`, and as above. */
  | 'password_check_failed'
  /** A link to verify the email, or to choose a new password, was asked for and mailed. */
  | 'email_verification_requested'
  | 'password_reset_requested'
  /** With the link from the mail; all other sessions ended. */
  | 'email_verified'
  /** With the link from the mail; all sessions ended. */
  | 'password_reset'
  /** With the current one; all other sessions ended. `detail.repeated`: the answer was lost, and was asked for again. */
  | 'password_changed'
  /** A link was mailed to the new address. */
  | 'email_change_requested'
  /** With the link mailed to the new address; all other sessions ended. */
  | 'email_changed'
  /** With the link mailed to the old address, which is back; the password was taken, all sessions ended, a link to choose another was mailed. */
  | 'email_change_undone'
  /** A key by which machines act for a user. `detail.api_key_id`, of a new one `detail.name` and `detail.permissions` too. */
  | 'api_key_created'
  | 'api_key_revoked'
  /** A user deleted their own account. */
  | 'user_deleted'
  /** What the trail had of a person's addresses, devices and details is gone. `detail` is signed: docs/audit.md */
  | 'personal_data_erased'
  /**
   * Somebody asked for what they may not. `detail.code` permission_denied with `detail.required`, or
   * exceeds_own_permissions: with the user as the subject, or with the role, the permission or what was asked for.
   */
  | 'permission_denied'
  // Below, the actor is an administrator; null is the operator at the command line. With an API key there is no session,
  // and `detail.api_key_id` says which.
  /** An account was made for somebody. `detail.roles` */
  | 'user_created'
  /** By the operator, from another system. `detail.roles` */
  | 'user_imported'
  /** An address was invited to sign up. `detail.roles` */
  | 'user_invited'
  | 'user_renamed'
  /** The session (`detail.session_id`) or the API key (`detail.revoked_api_key_id`) behind a token was ended by who was given it. */
  | 'token_revoked'
  | 'user_enabled'
  /** All of the user's sessions ended with it. */
  | 'user_disabled'
  /** `detail.roles`: what the user holds from then on; from the command line `detail.granted` or `detail.revoked`. */
  | 'roles_changed'
  /** All sessions of a user were ended. */
  | 'user_sessions_ended'
  /** The password of a user was taken away, all sessions ended, and a link to choose another was mailed. */
  | 'password_reset_forced'
  // Of roles and permissions there is no subject: `detail.role_id` or `detail.permission_id`. Those that are
  // created or renamed have `detail.name`.
  | 'role_created'
  | 'role_changed'
  /** `detail.permissions`: what the role gives from then on. */
  | 'role_permissions_changed'
  | 'role_deleted'
  | 'permission_created'
  | 'permission_deleted'
  /** Every session of everybody was ended, from the command line. `detail.api_keys`: kept or ended. */
  | 'all_sessions_ended'
  // Nobody's act: the job's.
  /** A mail could not be sent for as long as it would have been of use. `detail.mail` */
  | 'mail_given_up'
  /** Events were deleted after their time. `detail`: `through_seq`, `head`, `public_key`, `signature`. */
  | 'audit_pruned'
export interface AuditEvent {
  readonly type: AuditEventType
  readonly outcome: 'success' | 'failure'
  /** Who did it, and to whom; null where nobody is known. */
  readonly actorId: string | null
  readonly subjectId: string | null
  readonly sessionId: string | null
  readonly detail?: Readonly<Record<string, string>>
}

/** The row of an event: what concerns a person stands apart, salted and digested, so that it can be erased. */
export async function auditEvent(
  { now, requestId, client }: Pick<AuthContext, 'now' | 'requestId' | 'client'>,
  { detail = {}, ...event }: AuditEvent,
): Promise<NewAuditEvent> {
  const personal = canonicalJson({ ip: client.ip, user_agent: client.userAgent, detail })
  const personalSalt = randomText(16)
  return {
    ...event,
    id: uuidV7(now),
    occurredAt: now,
    requestId,
    personal,
    personalSalt,
    personalDigest: await sha256(personalSalt + personal),
  }
}
