// All that the simulation takes from elsewhere: what was read, what was measured, what is assumed.

/** Workers Paid, in dollars; read in November 2026 on the pages that docs/scale.md names. */
export const PRICES = {
  month: 5,
  request: { included: 10e6, million: 0.3 },
  cpuMs: { included: 30e6, million: 0.02 },
  rowRead: { included: 25e9, million: 0.001 },
  rowWritten: { included: 50e6, million: 1 },
  kvRead: { included: 10e6, million: 0.5 },
  kvWrite: { included: 1e6, million: 5 },
  /** From December 2026 on; kept for seven days, at 0.10 a GB and month. */
  logByte: { included: 50e9, million: 1e-3 * (0.25 + (7 / 30) * 0.1) },
  storedGb: { included: 5, each: 0.75 },
} as const

/** Assumed: what Cloudflare adds to a line and has paid with it. */
export const LOG_LINE_BYTES = 500

export const LIMITS = {
  databaseBytes: 10e9,
  accountBytes: 1e12,
  bindings: 5000,
  kvWritesPerKeyPerSecond: 1,
} as const

/**
 * Measured by `npm run bench`: a PBKDF2 call of 100,000 iterations, /auth/verify with its local KV, and what a statement takes to
 * be built, filled in and read. How Cloudflare's machines compare is not known.
 */
export const CPU_MS = { derivation: 12, request: 0.5, statement: 0.03 } as const

/**
 * How long one database is busy with a batch. Assumed: Cloudflare says of D1 that queries of 1 ms make 1,000 a second, and
 * by this a refresh takes 0.96 ms. Locally no batch of the service took more than 2 ms with its way there and back.
 */
export const SERVICE_MS = { batch: 0.5, rowRead: 0.02, rowWritten: 0.1 } as const

/** Measured by `npm run bench:growth` with a million users, the last two by storage.ts: a row with its share of the indexes. */
export const BYTES = {
  user: 686,
  session: 549,
  /** With its digest in the checkpoint that seals it. */
  auditEvent: 669 + 56,
  loginAttempt: 177,
  revocation: 161,
} as const

/** Assumed: how an app with accounts is used. */
export const USAGE = {
  /** Of all users, on one day. */
  activeShare: 0.2,
  /** Of all users, per day. */
  newShare: 0.001,
  /** Sessions kept per user: a month of logins and of forgotten devices. */
  sessionsPerUser: 1.5,
  /** AUDIT_RETENTION_DAYS. */
  retentionDays: 90,
  /** How often an active user does what in a day: two visits of half an hour, a login every two weeks. */
  perActiveDay: {
    login: 0.05,
    'login, again that day': 0.01,
    'login, known device': 0.02,
    'login, wrong password': 0.03,
    refresh: 6,
    'refresh, again in the window': 0.1,
    me: 2,
    'me, first in a minute': 2,
    'me, by API key': 0.05,
    verify: 100,
    logout: 0.02,
    'change-password': 0.0005,
    'forgot-password': 0.002,
    'reset-password': 0.001,
    'a page of 50 users': 0.0001,
  } as Readonly<Record<string, number>>,
} as const

/** Of the service itself: clean-up.ts, seal-audit-events.ts, publish-revocations.ts, revocation-markers.ts. */
export const SERVICE = {
  cleanUpRowsPerMinute: 1000,
  sealedEventsPerMinute: 10_000,
  publishedPerMinute: 400,
  accessTokenSeconds: 900,
  cacheTtlSeconds: 30,
  countersPerAttempt: 4,
} as const

/** Assumed of KV: a write lands within a second, and has reached the tier that a location reads from within so long. */
export const KV = {
  landsMs: 150,
  propagationSeconds: 30,
  locations: 50,
  failureShare: 0.001,
} as const

/** What a shard is loaded with at most, so that skew, growth and a bad day fit in. */
export const HEADROOM = { utilisation: 0.5, storage: 0.7 } as const

/** Users, and the shards that the simulation finds sufficient: a power of two, so that a shard splits in two. */
export const SCALES = [
  { users: 1e6, shards: 1 },
  { users: 10e6, shards: 8 },
  { users: 100e6, shards: 64 },
] as const
