import { sql } from 'drizzle-orm'
import { check, index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { isOneOf } from './schema'

const CHANNELS = ['event', 'mail'] as const
/** The links that anybody may ask for, by an email. */
const ASKED_PURPOSES = ['verify_email', 'reset_password'] as const

// What is to be told to other applications, or to people by mail, until it has been. Written in the batch of
// what happened.
export const outbox = sqliteTable(
  'outbox',
  {
    /** The order in which the events of one user are delivered. */
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    /** Of an event that of its audit event. */
    id: text('id').notNull(),
    channel: text('channel', { enum: CHANNELS }).notNull(),
    /** The event, or what the mail says. */
    type: text('type').notNull(),
    /** No foreign key: the end of an account is told too. */
    userId: text('user_id'),
    /** Of a mail: to whom. */
    email: text('email'),
    /** Of a mail with a link: whose. The token itself is nowhere. */
    oneTimeTokenId: text('one_time_token_id'),
    occurredAt: integer('occurred_at').notNull(),
    /** From when on it is of no use to anybody. */
    expiresAt: integer('expires_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    /** Not before then; also how long a delivery under way keeps others away. */
    nextAttemptAt: integer('next_attempt_at').notNull(),
  },
  (table) => [
    uniqueIndex('outbox_id_unique').on(table.id),
    index('outbox_user_id').on(table.userId, table.seq),
    index('outbox_next_attempt_at').on(table.channel, table.nextAttemptAt),
    check('outbox_channel_known', isOneOf('channel', CHANNELS)),
    check('outbox_mail_to_somebody', sql`(email is not null) = (channel = 'mail')`),
  ],
)

// What somebody asked to be mailed, written before the answer, in the same way whether there is such an account or not.
// What comes of it is found out after the answer.
export const mailRequests = sqliteTable(
  'mail_requests',
  {
    /** A keyed hash of purpose and email: the table names nobody. */
    key: text('key').primaryKey(),
    purpose: text('purpose', { enum: ASKED_PURPOSES }).notNull(),
    /** Of the account with this email; null where there is none. No foreign key. */
    userId: text('user_id'),
    /** The nonce of the request that asked last. */
    requestId: text('request_id').notNull(),
    requestedAt: integer('requested_at').notNull(),
    /** Null until it has been seen to. */
    settledAt: integer('settled_at'),
  },
  (table) => [
    index('mail_requests_unsettled').on(table.requestedAt).where(sql`settled_at is null`),
    index('mail_requests_requested_at').on(table.requestedAt),
  ],
)

// How many mails of a kind an address was sent.
export const mailLimits = sqliteTable(
  'mail_limits',
  {
    /** A keyed hash of the kind and the address. */
    key: text('key').primaryKey(),
    /** Sent in this window. */
    mails: integer('mails').notNull(),
    lastMailedAt: integer('last_mailed_at').notNull(),
    /** The mail that was counted last, so that one tried again is not counted again. */
    lastMailId: text('last_mail_id').notNull(),
    windowEndsAt: integer('window_ends_at').notNull(),
  },
  (table) => [index('mail_limits_window_ends_at').on(table.windowEndsAt)],
)
