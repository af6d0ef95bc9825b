import {
  type AskedPurpose,
  findUnsettled,
  settleMailRequest as settle,
} from '../store/mail-requests'
import { auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import { limitOf } from './mail-limits'
import { newLink } from './mailed-link'

/** So long the request itself has for it, after its answer. */
const PATIENCE_MS = 10 * 1000
/** Of one run of the job, a round trip each. */
const MOST = 50

const EVENTS = {
  reset_password: 'password_reset_requested',
  verify_email: 'email_verification_requested',
} as const satisfies Record<AskedPurpose, string>

interface AskedMail {
  readonly key: string
  readonly purpose: AskedPurpose
  readonly emailNormalized: string
}

/** What follows the answer to a request for a link: queues the mail, if one is due. */
export async function settleMailRequest(
  context: AuthContext,
  { key, purpose, emailNormalized }: AskedMail,
): Promise<void> {
  const { db, keys } = context
  const token = { ...(await newLink(context, purpose)), purpose }
  const limit = await limitOf(context, purpose, emailNormalized)
  const event = await auditEvent(context, {
    type: EVENTS[purpose],
    outcome: 'success',
    actorId: null,
    subjectId: null,
    sessionId: null,
  })
  const keyIds = [...keys.byKid.keys()]
  await settle(db, { key, emailNormalized, token, keyIds, limit, event })
}

/** The job's part: settles what could not be settled after the answer it belongs to. */
export async function settleMailRequests(context: AuthContext): Promise<void> {
  const { db, now } = context
  for (const { key, purpose, emailNormalized } of await findUnsettled(db, {
    before: now - PATIENCE_MS,
    now,
    limit: MOST,
  })) {
    // Whoever is gone has no email, and is mailed nothing.
    await settleMailRequest(context, { key, purpose, emailNormalized: emailNormalized ?? '' })
  }
}
