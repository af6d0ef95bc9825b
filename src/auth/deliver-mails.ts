import type { Config } from '../config'
import { oneTimeTokenOf } from '../crypto/one-time-token'
import { errorFields } from '../log'
import { compose, isMailType, type MailType } from '../mail/messages'
import { findTokensToMail } from '../store/one-time-tokens'
import {
  claimOutgoing,
  findOverdueMails,
  giveUpMail,
  type Outgoing,
  settleOutgoing,
} from '../store/outbox'
import { auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'

const CHUNK = 5
const ROUNDS = 20
/** Of one run of the job, a round trip each. */
const MOST_GIVEN_UP = 50

/** The page that takes each link, and what it calls the token. */
const PAGES: Readonly<Partial<Record<MailType, readonly [path: string, name: string]>>> = {
  verify_email: ['/verify-email', 'token'],
  reset_password: ['/reset-password', 'token'],
  change_email: ['/confirm-email', 'token'],
  email_changed: ['/undo-email-change', 'token'],
  account_deletion_can_be_undone: ['/undo-email-change', 'token'],
  invitation: ['/signup', 'invitation'],
}

/** What follows a batch that may have written a mail: sends it after the answer. */
export function sendAfterAnswer(context: AuthContext): void {
  context.defer(async () => void (await deliverRound(context)))
}

/**
 * The job's part: sends the mails that could not be sent after the answer they belong to, each until it is
 * taken or of no use any more.
 */
export async function deliverMails(context: AuthContext): Promise<void> {
  await giveUpOverdue(context)
  for (let round = 0; round < ROUNDS; round++) {
    if ((await deliverRound(context)) === 0) return
  }
}

async function giveUpOverdue(context: AuthContext): Promise<void> {
  const { db, log, now } = context
  for (const mail of await findOverdueMails(db, now, MOST_GIVEN_UP)) {
    const { type, userId } = mail
    // Said first: a run that ends here says it twice, not never.
    log.error('mail_given_up', { type, user_id: userId ?? '' })
    const event = await auditEvent(context, {
      type: 'mail_given_up',
      outcome: 'failure',
      actorId: null,
      subjectId: userId,
      sessionId: null,
      detail: { mail: type },
    })
    await giveUpMail(db, mail, { event, now })
  }
}

/** How many were due. */
async function deliverRound(context: AuthContext): Promise<number> {
  const { db, now } = context
  const mails = await claimOutgoing(db, 'mail', now, CHUNK)
  if (mails.length === 0) return 0
  const links = await linksOf(context, mails)
  const results = await Promise.all(mails.map((mail) => send(context, mail, links)))
  const ids = (wasSent: boolean) =>
    mails.filter((_mail, index) => results[index] === wasSent).map(({ id }) => id)
  await settleOutgoing(db, { taken: ids(true), left: ids(false) }, now)
  return mails.length
}

/** The tokens of the mails that carry one, by the id of the row; one that was used since is not among them. */
async function linksOf(
  { db, keys, now }: AuthContext,
  mails: readonly Outgoing[],
): Promise<ReadonlyMap<string, string>> {
  const ids = mails.flatMap(({ oneTimeTokenId }) => oneTimeTokenId ?? [])
  const rows = ids.length === 0 ? [] : await findTokensToMail(db, ids, now)
  const tokens = await Promise.all(rows.map((row) => oneTimeTokenOf(row, keys)))
  return new Map(tokens.flatMap((made) => (made ? [[made.id, made.token]] : [])))
}

/** Whether it has been sent, or needs no sending any more. */
async function send(
  { mailSender, config, log }: AuthContext,
  { id, type, email, oneTimeTokenId, userId, attempts }: Outgoing,
  links: ReadonlyMap<string, string>,
): Promise<boolean> {
  const token = oneTimeTokenId === null ? null : links.get(oneTimeTokenId)
  if (email === null || token === undefined || !isMailType(type)) return true
  const link = token === null ? null : linkTo(config, type, token)
  try {
    await mailSender(compose(type, email, { service: config.serviceName, link }))
    log.info('mail_sent', { mail_id: id, type, user_id: userId ?? '' })
    return true
  } catch (error) {
    log.warning('mail_not_sent', { mail_id: id, type, attempts, ...errorFields(error) })
    return false
  }
}

// A front end reads the token from the fragment, which no server and no log sees. Our own pages work without
// scripts, so that they need it in the query: they only look at it, and say that nobody may keep the address.
function linkTo({ frontendUrl, frontendOrigins }: Config, type: MailType, token: string): string {
  const [path, name] = PAGES[type] ?? ['', 'token']
  return `${frontendUrl}${path}${frontendOrigins.length > 0 ? '#' : '?'}${name}=${token}`
}
