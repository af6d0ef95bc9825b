import type { Config } from '../config'
import { oneTimeTokenOf } from '../crypto/one-time-token'
import { errorFields } from '../log'
import { compose, isMailType, type MailType } from '../mail/messages'
import type { LimitedMail } from '../store/mail-limits'
import {
  claimMails,
  findDueMails,
  findOverdueMails,
  giveUpMail,
  type Outgoing,
  settleOutgoing,
} from '../store/outbox'
import { auditEvent } from './audit-event'
import type { AuthContext } from './auth-context'
import { LINK_PAGES } from './link-pages'
import { limitOf } from './mail-limits'

const CHUNK = 5
const ROUNDS = 20
/** Of one run of the job, a round trip each. */
const MOST_GIVEN_UP = 50

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

/** Sends what is due, a few at a time; answers how many were. */
export async function deliverRound(context: AuthContext): Promise<number> {
  const { db, keys, log, now } = context
  const due = await findDueMails(db, now, CHUNK)
  if (due.length === 0) return 0
  const limited = await limitsOf(context, due)
  const claimed = await claimMails(db, idsOf(due), limited, now)
  for (const { type, userId } of claimed.dropped) {
    log.warning('mail_limited', { type, user_id: userId ?? '' })
  }
  const { mails } = claimed
  if (mails.length === 0) return due.length
  const tokens = await Promise.all(claimed.tokens.map((row) => oneTimeTokenOf(row, keys)))
  // One that was used since, or whose secret is gone, is not among them.
  const links = new Map(tokens.flatMap((made) => (made ? [[made.id, made.token] as const] : [])))
  const results = await Promise.all(mails.map((mail) => send(context, mail, links)))
  const those = (wasSent: boolean) => idsOf(mails.filter((_, index) => results[index] === wasSent))
  await settleOutgoing(db, { taken: those(true), left: those(false) }, now)
  return due.length
}

const idsOf = (mails: readonly Outgoing[]) => mails.map(({ id }) => id)

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
  const [path, name] = LINK_PAGES[type] ?? ['', 'token']
  return `${frontendUrl}${path}${frontendOrigins.length > 0 ? '#' : '?'}${name}=${token}`
}

type DueMail = Awaited<ReturnType<typeof findDueMails>>[number]

/**
 * Those of the mails that have a limit: not those that were counted when they were asked for. A new password that an
 * administrator or an undone change of the email asks for is always mailed.
 */
async function limitsOf(
  context: Pick<AuthContext, 'keys'>,
  mails: readonly DueMail[],
): Promise<readonly LimitedMail[]> {
  const limited = mails.map(async ({ id, type, email, isCounted }) => {
    const isLimited = !isCounted && type !== 'reset_password'
    if (!isLimited || email === null || !isMailType(type)) return []
    return [{ id, ...(await limitOf(context, type, email)) }]
  })
  return (await Promise.all(limited)).flat()
}
