// Whether the time of an answer tells if there is an account: requests for links to known and to unknown addresses, in
// turn. bench/README.md
import { parseArgs } from 'node:util'
import { buildService } from './build.ts'
import { median, seeded } from './numbers.ts'
import { type LocalDatabase, type Served, serve } from './serve.ts'

const ROUTES = ['forgot-password', 'verify-email/resend'] as const
const WARM_UP_PAIRS = 50
const MOST_PAIRS = 5000
const MOST_SECONDS = 240
/** Where a difference of this kind is of no use to anybody. */
const EVEN = [0.45, 0.55] as const

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '500' }, seed: { type: 'string', default: '1' } },
})
const pairs = Math.min(Number(values.pairs), MOST_PAIRS)
const random = seeded(Number(values.seed))

interface Pair {
  readonly known: number
  readonly unknown: number
}

const served = await serve({ service: await buildService() }, { LOG_LEVEL: 'WARNING' })
try {
  const ends = performance.now() + MOST_SECONDS * 1000
  const people = await addPeople(served.db, WARM_UP_PAIRS + pairs)
  for (const route of ROUTES) report(route, await compare(served, route, people, ends))
} finally {
  await served.stop()
}

/** Asks for each of these people and for somebody who is not there, in an order drawn by lot. */
async function compare(
  { url, db }: Served,
  route: string,
  people: readonly string[],
  ends: number,
): Promise<Pair[]> {
  const address = `${url('service')}/auth/${route}`
  const measured: Pair[] = []
  for (const [index, email] of people.entries()) {
    if (performance.now() > ends) break
    const nobody = `${crypto.randomUUID()}@example.com`
    const isKnownFirst = random() < 0.5
    const first = await time(address, isKnownFirst ? email : nobody)
    await workIsDone(db)
    const second = await time(address, isKnownFirst ? nobody : email)
    await workIsDone(db)
    const [known, unknown] = isKnownFirst ? [first, second] : [second, first]
    if (index >= WARM_UP_PAIRS) measured.push({ known, unknown })
  }
  return measured
}

/** Milliseconds until the whole answer is there. */
async function time(url: string, email: string): Promise<number> {
  const body = JSON.stringify({ email })
  const headers = { 'Content-Type': 'application/json' }
  const start = performance.now()
  const answer = await fetch(url, { method: 'POST', headers, body })
  await answer.text()
  const taken = performance.now() - start
  if (answer.status !== 202) throw new Error(`${url}: ${answer.status}`)
  return taken
}

/** Resolves when what follows an answer has been done, and does not delay the next one. */
async function workIsDone(db: LocalDatabase): Promise<void> {
  const open = db.prepare(
    `select (select count(*) from mail_requests where settled_at is null)
      + (select count(*) from outbox where channel = 'mail') as count`,
  )
  while ((await open.first('count')) !== 0) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** How often the known one took longer, with the interval of 95 % (Wilson). */
function report(route: string, measured: readonly Pair[]): void {
  const count = measured.length
  const slower = measured.filter(({ known, unknown }) => known > unknown).length / count
  const square = 1.96 ** 2
  const center = (slower + square / (2 * count)) / (1 + square / count)
  const half =
    (1.96 / (1 + square / count)) *
    Math.sqrt((slower * (1 - slower)) / count + square / (4 * count ** 2))
  const isEven = slower >= EVEN[0] && slower <= EVEN[1]
  const [known, unknown] = (['known', 'unknown'] as const).map((kind) =>
    median(measured.map((pair) => pair[kind])).toFixed(2),
  )
  console.log(
    `${route}: P(known slower) = ${slower.toFixed(3)}, 95 % [${(center - half).toFixed(3)}, ` +
      `${(center + half).toFixed(3)}] of ${count} pairs; medians ${known} ms known, ${unknown} ms unknown` +
      `${isEven ? '' : ' · OUTSIDE 0.45 to 0.55'}`,
  )
  if (!isEven) process.exitCode = 1
}

/** People past the service, whose address nobody has verified. */
async function addPeople(db: LocalDatabase, count: number): Promise<readonly string[]> {
  const people = Array.from({ length: count }, () => {
    const id = crypto.randomUUID()
    return { id, email: `${id}@example.com` }
  })
  await db.batch(
    people.map(({ id, email }) =>
      db
        .prepare(
          `insert into users (id, email, email_normalized, is_active, auth_epoch, created_at, updated_at)
            values (?1, ?2, ?2, 1, 1, 0, 0)`,
        )
        .bind(id, email),
    ),
  )
  return people.map(({ email }) => email)
}
