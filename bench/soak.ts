// Load that is held: many clients at the limit of the machine, a tenth of them misbehaving, then a flood, and afterwards a
// look at what the database has. `npm run soak -- --seconds 60 --clients 64 --seed 1`
import { parseArgs } from 'node:util'
import { newSecrets } from '../scripts/secrets.ts'
import { buildService } from './build.ts'
import { type Served, serve } from './serve.ts'
import type { Actor } from './soak/actor.ts'
import { administer, newAdministrator } from './soak/administrator.ts'
import { pause } from './soak/ask.ts'
import { flood, gather } from './soak/flood.ts'
import { beHonest } from './soak/honest.ts'
import { rows } from './soak/invariant.ts'
import { checkInvariants, report } from './soak/invariants.ts'
import { Ledger } from './soak/ledger.ts'
import { Mailbox } from './soak/mailbox.ts'
import { Memory } from './soak/memory.ts'
import { MISBEHAVIOURS, misbehave } from './soak/misbehaving.ts'
import { seededRandom } from './soak/random.ts'
import { Statistics, table } from './soak/statistics.ts'
import type { World } from './soak/world.ts'

const SERVICE = 'service'
/** Of load, and of everything: it ends, also where something hangs. */
const LONGEST_SECONDS = 480
const BOUND_MS = 600_000
const GRACE_SECONDS = 10
const JOB_EVERY_MS = 3000
const ADMINISTRATORS = 2
/** Of the time, before the flood. */
const STEADY = 0.75
const FLOOD = { connections: 2000, seconds: 5 } as const
/** Seconds of load that show that the service goes on. */
const SHORTEST_AFTERWARDS = 5
/** Longer than work after an answer may take. */
const QUIET_MS = 5000
const MOST_JOBS = 100

interface Options {
  readonly seconds: number
  readonly clients: number
  readonly seed: number
}

interface Rates {
  readonly steady: number
  readonly afterwards: number
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '300' },
      clients: { type: 'string', default: '64' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  })
  const options = {
    seconds: Math.min(Number(values.seconds), LONGEST_SECONDS),
    clients: Number(values.clients),
    seed: Number(values.seed),
  }
  if (!Object.values(options).every((value) => Number.isInteger(value) && value > 0)) {
    throw new Error('--seconds, --clients and --seed are whole numbers above 0')
  }
  return options
}

async function soak(options: Options): Promise<boolean> {
  const { secrets, auditPublicKey } = newSecrets()
  const bindings = {
    AUDIT_SIGNING_KEY: secrets.AUDIT_SIGNING_KEY,
    AUTH_REFRESH_GRACE: String(GRACE_SECONDS),
    // Else the derivations would be all that there is.
    PASSWORD_ITERATIONS: '10000',
  }
  const mailbox = new Mailbox()
  const modules = await buildService()
  const served = await serve({ [SERVICE]: modules }, bindings, ({ message }) =>
    mailbox.read(message),
  )
  try {
    const world = {
      url: served.url(SERVICE),
      db: served.db,
      graceMs: GRACE_SECONDS * 1000,
      mailbox,
      statistics: new Statistics(),
      ledger: new Ledger(),
    }
    const memory = new Memory(served.pid)
    const rates = await hold(world, served, memory, options)
    await settleDown(world, served)
    memory.stop()
    const invariants = await checkInvariants(world, served, auditPublicKey)
    console.log(world.statistics.lines(options.seconds).join('\n'), '\n')
    console.log(table([['invariant', 'looked at', ''], ...report(invariants)]).join('\n'), '\n')
    const verdicts = judge(world, memory, rates)
    console.log(
      verdicts.map(({ text, holds }) => `${holds ? 'holds ' : 'BROKEN'} ${text}`).join('\n'),
    )
    for (const finding of world.ledger.findings) console.log(`- ${finding}`)
    for (const fault of mailbox.faults.slice(0, 20)) console.log(`- log: ${fault.slice(0, 600)}`)
    return [
      ...invariants.map(({ broken }) => broken.length === 0),
      ...verdicts.map(({ holds }) => holds),
    ].every(Boolean)
  } finally {
    await served.stop()
  }
}

/** The load, the flood in the midst of it, and the load again. */
async function hold(
  world: World,
  served: Served,
  memory: Memory,
  { seconds, clients, seed }: Options,
): Promise<Rates> {
  const actors = Array.from({ length: clients }, (_, number) => actorOf(world, seed, number))
  const flooding = actorOf(world, seed, clients)
  const masses = await gather(flooding)
  const lives: ((isOver: () => boolean) => Promise<void>)[] = []
  for (const actor of actors) lives.push(await roleOf(actor, clients))
  const begun = performance.now()
  const elapsed = () => (performance.now() - begun) / 1000
  let end = seconds
  const isOver = () => elapsed() > end
  const count = () => world.statistics.count
  const first = count()
  const everybody = [...lives.map((live) => live(isOver)), runJobs(served, isOver)]
  const all = Promise.all(everybody)
  await Promise.race([pause(seconds * STEADY * 1000), all])
  memory.endSteady()
  const steady = (count() - first) / elapsed()
  end = Number.POSITIVE_INFINITY
  const floodEnd = elapsed() + FLOOD.seconds
  await flood(flooding, masses, { ...FLOOD, isOver: () => elapsed() > floodEnd })
  const drained = elapsed() - floodEnd
  console.log(
    `flood: ${FLOOD.connections} at once for ${FLOOD.seconds} s, answered ${drained.toFixed(1)} s later\n`,
  )
  end = Math.max(seconds, elapsed() + SHORTEST_AFTERWARDS)
  const [since, before] = [elapsed(), count()]
  await all
  return { steady, afterwards: (count() - before) / (elapsed() - since) }
}

/** What a client does until it is over. */
async function roleOf(actor: Actor, clients: number) {
  const misbehaving = Math.max(MISBEHAVIOURS.length, Math.round(clients / 10))
  const step = MISBEHAVIOURS[actor.number % MISBEHAVIOURS.length]
  if (step && actor.number < misbehaving) {
    return (isOver: () => boolean) => misbehave(actor, step, isOver)
  }
  if (actor.number >= misbehaving + ADMINISTRATORS) {
    return (isOver: () => boolean) => beHonest(actor, isOver)
  }
  const admin = await newAdministrator(actor)
  return (isOver: () => boolean) => administer(actor, admin, isOver)
}

function actorOf(world: World, seed: number, number: number): Actor {
  return { world, number, random: seededRandom(seed * 1000 + number), people: [] }
}

async function runJobs(served: Served, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await served.runJob()
    await pause(JOB_EVERY_MS)
  }
}

/** Until the job has nothing left to do. */
async function settleDown(world: World, served: Served): Promise<void> {
  await pause(QUIET_MS)
  for (let run = 0; run < MOST_JOBS; run++) {
    await served.runJob()
    const [{ left = 0 } = {}] = await rows(
      world,
      `select (select count(*) from revocations where published_at is null)
        + (select max(seq) from audit_events) - (select max(to_seq) from audit_checkpoints)
        + (select count(*) from outbox where attempts = 0) as left`,
    )
    if (left === 0) return
  }
}

function judge(
  { statistics, ledger, mailbox }: World,
  memory: Memory,
  { steady, afterwards }: Rates,
) {
  const { text, isBounded } = memory.judge()
  return [
    {
      text: `no answer that must not be: ${statistics.statuses()}`,
      holds: ledger.findings.length === 0,
    },
    { text: `no fault in the log: ${mailbox.faults.length}`, holds: mailbox.faults.length === 0 },
    { text: `memory of workerd: ${text}`, holds: isBounded },
    {
      text: `after the flood ${afterwards.toFixed(0)} answers/s, before ${steady.toFixed(0)}`,
      // Others may be using the machine.
      holds: afterwards > steady / 4,
    },
  ]
}

const options = readOptions()
console.log(`seed ${options.seed}: ${options.clients} clients, ${options.seconds} s`)
setTimeout(() => {
  console.error('it has not come to an end')
  process.exit(2)
}, BOUND_MS).unref()
process.exitCode = (await soak(options)) ? 0 : 1
