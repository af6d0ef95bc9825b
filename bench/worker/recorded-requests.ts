import type { NewAuditEvent } from '../../src/store/audit-events'
import { type Database, openDatabase } from '../../src/store/database'
import type { Attempt, CounterKind } from '../../src/store/login-attempts'
import { reserveLogin, startSession } from '../../src/store/logins'
import { rotateRefreshToken } from '../../src/store/refreshes'
import { findCaller } from '../../src/store/sessions'
import { createUserWithSession } from '../../src/store/sign-ups'

// What the store sends to D1, recorded: the floors send the very same, without what builds it, so that they cannot fall
// behind the service. `<slots>` and times are filled in for each request.

interface RecordedStatement {
  readonly sql: string
  readonly values: readonly unknown[]
}

export type Requests = Awaited<ReturnType<typeof recordRequests>>

/** Stands for the time of the request: `NOW - 5000` is recognised as a time too. */
const NOW = 2 ** 50

const MOMENT = { now: NOW, idleSince: NOW - 604_800_000, notBefore: 0 }
const CALLER = { sessionId: '<sessionId>', userId: '<userId>', epoch: 0 }
const CLIENT = { ip: null, network: null, userAgent: null }
const LATER = NOW + 86_400_000

export async function recordRequests() {
  const [me, refresh, reserve, start, signUp] = await Promise.all([
    record((db) => findCaller(db, CALLER, MOMENT)),
    record((db) => rotateRefreshToken(db, ROTATION, MOMENT)),
    record((db) => reserveLogin(db, ATTEMPT)),
    record((db) => startSession(db, LOGIN, MOMENT)),
    record((db) => createUserWithSession(db, SIGN_UP)),
  ])
  return { me, refresh, reserveLogin: reserve, startSession: start, signUp }
}

/** The statements of a recorded request, ready for D1. */
export function requestOf(
  db: D1Database,
  statements: readonly RecordedStatement[],
  slots: Readonly<Record<string, string>>,
  now: number,
): D1PreparedStatement[] {
  return statements.map(({ sql, values }) =>
    db.prepare(sql).bind(...values.map((value) => filled(value, slots, now))),
  )
}

function filled(value: unknown, slots: Readonly<Record<string, string>>, now: number): unknown {
  if (typeof value === 'number' && value > NOW / 2) return now + (value - NOW)
  if (typeof value !== 'string' || !value.includes('<')) return value
  return value.replace(/<(\w+)>/g, (_, name: string) => slots[name] ?? '')
}

async function record(call: (db: Database) => Promise<unknown>): Promise<RecordedStatement[]> {
  const sent: RecordedStatement[] = []
  const binding = {
    prepare: (sql: string) => ({
      sql,
      values: [],
      bind: (...values: unknown[]) => ({ sql, values }),
    }),
    batch: async (statements: RecordedStatement[]) => {
      sent.push(...statements)
      return statements.map(() => ({ success: true, results: [], meta: { changes: 0 } }))
    },
  }
  // The caller finds no rows, which it may not like.
  await call(openDatabase(binding as unknown as D1Database)).catch(() => null)
  if (sent.length === 0) throw new Error('nothing was sent')
  return sent
}

function event(name: string, type: string): NewAuditEvent {
  return {
    id: `<eventId>${name}`,
    type,
    outcome: 'success',
    actorId: '<userId>',
    subjectId: '<userId>',
    sessionId: '<sessionId>',
    occurredAt: NOW,
    requestId: '<eventId>',
    actorPersonal: '{"ip":null,"user_agent":null}',
    actorPersonalSalt: '0123456789012345678901',
    actorPersonalDigest: '0123456789012345678901234567890123456789012',
    subjectPersonal: '{"detail":{}}',
    subjectPersonalSalt: '0123456789012345678901',
    subjectPersonalDigest: '0123456789012345678901234567890123456789012',
  }
}

const ROTATION = {
  sessionId: '<sessionId>',
  userId: '<userId>',
  presentedHash: '<presented>',
  successorHash: '<successor>',
  successorHashes: '["<successor>"]',
  client: CLIENT,
  windowMs: 1000,
  nonce: '<eventId>',
  reused: event('', 'refresh_token_reused'),
  elsewhere: event('e', 'refreshed_from_elsewhere'),
  notice: { id: '<eventId>', type: 'refresh_token_reused', expiresAt: LATER },
  revocation: { key: 'revoked:session:<sessionId>', value: '1', expiresAt: LATER },
}

const LIMITS = [
  ['pair', 5],
  ['area', 100],
  ['email', 100],
  ['network', 300],
] as const satisfies [CounterKind, number][]

const ATTEMPT: Attempt = {
  id: '<id>',
  emailNormalized: '<email>',
  network: null,
  counters: LIMITS.map(([kind, limit]) => {
    const key = kind === 'network' ? 'network' : `${kind} <email>`
    const counter = { kind, key, windowMs: 3_600_000, limit, challengeAfter: null }
    return { ...counter, isExempt: false, isWide: false }
  }),
  device: null,
  isHuman: false,
  now: NOW,
}

const SESSION = {
  id: '<sessionId>',
  userId: '<userId>',
  refreshTokenHash: '<sessionId>',
  issuedAt: NOW,
  lastUsedAt: NOW,
  expiresAt: LATER,
  ...CLIENT,
}

const LOGIN = {
  session: SESSION,
  passwordHash: { verified: '<passwordHash>', next: '<passwordHash>' },
  attempt: ATTEMPT,
  events: {
    succeeded: event('', 'login_succeeded'),
    refused: event('r', 'login_failed'),
    unverified: event('u', 'login_failed'),
    limitReached: event('l', 'session_limit_reached'),
  },
  mustBeVerified: false,
  notice: { id: '<eventId>', type: 'new_device', expiresAt: LATER },
  revocationExpiresAt: LATER,
  replaced: null,
} as const

const SIGN_UP = {
  replaced: null,
  user: {
    id: '<userId>',
    email: '<email>',
    emailNormalized: '<email>',
    name: null,
    passwordHash: '<passwordHash>',
    isActive: true,
    emailVerifiedAt: null,
    authEpoch: 1,
    createdAt: NOW,
    updatedAt: NOW,
  },
  roles: ['user'],
  session: SESSION,
  verification: null,
  invitation: null,
  event: event('', 'user_signed_up'),
}
