import type { Seeded } from './seeded.ts'

/** One kind of request to one of the two Workers. */
export interface Target {
  readonly name: string
  readonly worker: 'service' | 'floors'
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly use: 'bearer' | 'body' | 'refresh'
  /** What of the users it is asked with, who were made for this round. */
  readonly lines: (users: readonly Seeded[], password: string) => readonly string[]
  /** How many users a second of a round needs at most. */
  readonly usersPerSecond: number
}

const bearer = {
  method: 'GET',
  use: 'bearer',
  lines: (users: readonly Seeded[]) => users.map(({ access_token }) => access_token),
  usersPerSecond: 300,
} as const

const login = {
  method: 'POST',
  use: 'body',
  lines: (users: readonly Seeded[], password: string) =>
    users.map(({ email }) => JSON.stringify({ email, password })),
  usersPerSecond: 100,
} as const

const signup = {
  method: 'POST',
  use: 'body',
  // Each once: there is no second account with an email.
  lines: (users: readonly Seeded[], password: string) =>
    users.map(({ email }) => JSON.stringify({ email: `new-${email}`, password })),
  usersPerSecond: 400,
} as const

const FLOORS: readonly Omit<Target, 'worker'>[] = [
  { ...bearer, name: '(a) Hono and a small JSON', path: '/floor/json' },
  { ...bearer, name: '(a) and a line of the log', path: '/floor/log' },
  { ...bearer, name: '(b) a, and jose verifies', path: '/floor/token' },
  { ...bearer, name: '(c) b, and a bulk read of KV', path: '/floor/verify' },
  { ...bearer, name: '(d) b, and the D1 batch of me', path: '/floor/me' },
  {
    ...{ name: '(e) the D1 batch of refresh, and two signatures', path: '/floor/refresh' },
    ...{ method: 'POST', use: 'refresh', usersPerSecond: 1500 },
    lines: (users) =>
      users.map((user) => {
        const token = [user.session_id, user.user_id, user.refresh_token_hash].join('~')
        return `${user.user_id}\t${token}`
      }),
  },
  { ...login, name: '(f) six PBKDF2 calls', path: '/floor/kdf' },
  { ...login, name: '(g) f, and the D1 batches of login', path: '/floor/login' },
  { ...signup, name: '(h) f, and the D1 batch of signup', path: '/floor/signup' },
]

const SERVICE: readonly Omit<Target, 'worker'>[] = [
  { ...bearer, name: 'GET /auth/verify', path: '/auth/verify' },
  { ...bearer, name: 'GET /auth/me', path: '/auth/me' },
  {
    ...{ name: 'POST /auth/refresh', path: '/auth/refresh' },
    ...{ method: 'POST', use: 'refresh', usersPerSecond: 1500 },
    lines: (users) => users.map((user) => `${user.user_id}\t${user.refresh_token}`),
  },
  { ...login, name: 'POST /auth/login', path: '/auth/login' },
  { ...signup, name: 'POST /auth/signup', path: '/auth/signup' },
]

/** What is compared, each with its floor beside it, so that both are asked in the same minute. */
export const GROUPS: readonly (readonly Target[])[] = [
  ['(a) Hono', '(a) and', '(b)'],
  ['(c)', 'GET /auth/verify'],
  ['(d)', 'GET /auth/me'],
  ['(e)', 'POST /auth/refresh'],
  ['(f)', '(g)', 'POST /auth/login', '(h)', 'POST /auth/signup'],
].map((names) => names.map(targetOf))

function targetOf(start: string): Target {
  const isIt = ({ name }: { name: string }) => name.startsWith(start)
  const floor = FLOORS.find(isIt)
  if (floor) return { ...floor, worker: 'floors' }
  const service = SERVICE.find(isIt)
  if (service) return { ...service, worker: 'service' }
  throw new Error(`nothing is called ${start}`)
}
