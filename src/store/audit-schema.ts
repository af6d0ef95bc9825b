import { sql } from 'drizzle-orm'
import { check, index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { isOneOf } from './schema'

const OUTCOMES = ['success', 'failure'] as const

export const auditEvents = sqliteTable(
  'audit_events',
  {
    /** Commit order. Never reused, so that a gap shows. */
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    id: text('id').notNull(),
    occurredAt: integer('occurred_at').notNull(),
    type: text('type').notNull(),
    outcome: text('outcome', { enum: OUTCOMES }).notNull(),
    // None of these is a foreign key: the record outlives what it is about.
    actorId: text('actor_id'),
    subjectId: text('subject_id'),
    sessionId: text('session_id'),
    requestId: text('request_id'),
    /**
     * Canonical JSON of what concerns the actor (address, user agent); erasable. In events that were recorded
     * before there were two parts, of the detail too.
     */
    actorPersonal: text('personal'),
    actorPersonalSalt: text('personal_salt'),
    /** SHA-256(salt ‖ part): stays when the part is erased, so that a seal over it holds. */
    actorPersonalDigest: text('personal_digest').notNull(),
    /** The same of what concerns the subject (the detail); null in events recorded before there were two parts. */
    subjectPersonal: text('subject_personal'),
    subjectPersonalSalt: text('subject_personal_salt'),
    subjectPersonalDigest: text('subject_personal_digest'),
  },
  (table) => [
    uniqueIndex('audit_events_id_unique').on(table.id),
    index('audit_events_subject_id').on(table.subjectId, table.seq),
    index('audit_events_type').on(table.type, table.seq),
    // What somebody did to themselves is found by the subject.
    index('audit_events_actor_id')
      .on(table.actorId, table.seq)
      .where(sql`actor_id is not null and actor_id is not subject_id`),
    index('audit_events_occurred_at').on(table.occurredAt),
    index('audit_events_failures').on(table.outcome).where(sql`outcome = 'failure'`),
    check('audit_events_outcome_known', isOneOf('outcome', OUTCOMES)),
  ],
)

// Who has left, and when what the trail has of them as an actor is to be erased.
export const departures = sqliteTable(
  'departures',
  {
    userId: text('user_id').primaryKey(),
    leftAt: integer('left_at').notNull(),
    eraseAt: integer('erase_at').notNull(),
  },
  (table) => [index('departures_erase_at').on(table.eraseAt)],
)

// A signed statement of what the audit trail held, each chained to the one before. A row never changes.
export const auditCheckpoints = sqliteTable(
  'audit_checkpoints',
  {
    /** The first seq it covers: the one after the last of the checkpoint before, so that no two can follow it. */
    fromSeq: integer('from_seq').primaryKey(),
    toSeq: integer('to_seq').notNull(),
    /** JSON: `[seq, SHA-256]` of each event, by which a change is named. */
    eventDigests: text('event_digests').notNull(),
    /** The head of the checkpoint before; empty in the first of all. */
    previousHead: text('previous_head').notNull(),
    head: text('head').notNull(),
    sealedAt: integer('sealed_at').notNull(),
    /** The public key (`x` of the JWK) that verifies the signature. */
    publicKey: text('public_key').notNull(),
    signature: text('signature').notNull(),
  },
  (table) => [uniqueIndex('audit_checkpoints_head_unique').on(table.head)],
)

/** What of an event concerns nobody in person: what a seal covers, and a list shows first. */
const EVENT = {
  seq: auditEvents.seq,
  id: auditEvents.id,
  occurredAt: auditEvents.occurredAt,
  type: auditEvents.type,
  outcome: auditEvents.outcome,
  actorId: auditEvents.actorId,
  subjectId: auditEvents.subjectId,
  sessionId: auditEvents.sessionId,
  requestId: auditEvents.requestId,
}

/** What a seal covers: of the personal parts their digests. */
export const SEALED_EVENT = {
  ...EVENT,
  actorPersonalDigest: auditEvents.actorPersonalDigest,
  subjectPersonalDigest: auditEvents.subjectPersonalDigest,
}

/** What a reader is shown; the digest tells an event of one part from one whose subject's part was erased. */
export const SHOWN_EVENT = {
  ...EVENT,
  actorPersonal: auditEvents.actorPersonal,
  subjectPersonal: auditEvents.subjectPersonal,
  subjectPersonalDigest: auditEvents.subjectPersonalDigest,
}
