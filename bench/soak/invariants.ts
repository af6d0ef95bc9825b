import { readdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { auditTrail } from '../../scripts/audit-trail.ts'
import type { Row } from '../../scripts/database.ts'
import { verifyAudit } from '../../scripts/verify-audit.ts'
import type { Served } from '../serve.ts'
import { compareBeliefs } from './beliefs.ts'
import { countEvents } from './counts.ts'
import { type Invariant, rows } from './invariant.ts'
import { RULES } from './rules.ts'
import type { World } from './world.ts'

const MOST_SHOWN = 5
const KEYS_AT_ONCE = 100

export async function checkInvariants(
  world: World,
  served: Served,
  auditPublicKey: string,
): Promise<readonly Invariant[]> {
  const found: Invariant[] = []
  for (const { name, looked, broken } of RULES) {
    const [{ n = 0 } = {}] = await rows(world, `select count(*) as n from ${looked}`)
    found.push({ name, looked: Number(n), broken: texts(await rows(world, broken)) })
  }
  found.push(...(await compareBeliefs(world)))
  found.push(...(await countEvents(world)))
  found.push(await sealHolds(world, auditPublicKey))
  found.push(await markersAreThere(world, served))
  found.push(await foreignKeysHold(world))
  found.push(integrityHolds(served.folder))
  return found
}

function texts(broken: readonly Row[]): readonly string[] {
  return broken.map((row) => JSON.stringify(row))
}

async function sealHolds(world: World, publicKey: string): Promise<Invariant> {
  const query = (...statements: readonly string[]) =>
    Promise.all(statements.map((statement) => rows(world, statement)))
  // One that was seen while it ran: the trail must still lead through it.
  const [expectHead = 'none was logged'] = world.mailbox.heads
  const report = await verifyAudit(auditTrail(query), {
    publicKeys: new Map([[publicKey, null]]),
    now: Date.now(),
    expectHead,
  })
  const unsealed = report.unsealed === 0 ? [] : [`${report.unsealed} events are not sealed`]
  const broken = [...report.findings, ...unsealed]
  return { name: 'the seal of the audit trail verifies', looked: report.events, broken }
}

async function markersAreThere(world: World, { markers }: Served): Promise<Invariant> {
  const known = await rows(
    world,
    `select key, value from revocations where expires_at > ${Date.now()}`,
  )
  const broken: string[] = []
  for (let start = 0; start < known.length; start += KEYS_AT_ONCE) {
    const chunk = known.slice(start, start + KEYS_AT_ONCE)
    const found = await markers.get(chunk.map(({ key }) => String(key)))
    for (const { key, value } of chunk) {
      const marker = found.get(String(key))
      if (marker !== value) broken.push(`${key} is ${marker}, not ${value}`)
    }
  }
  return { name: 'KV has the marker of every revocation', looked: known.length, broken }
}

async function foreignKeysHold(world: World): Promise<Invariant> {
  const broken = texts(await rows(world, 'pragma foreign_key_check'))
  return { name: 'foreign keys hold', looked: 1, broken }
}

// D1 does not allow this pragma: the file is asked.
function integrityHolds(folder: string): Invariant {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /d1.*\.sqlite$/i.test(file) && !file.includes('metadata'))
    .map((file) => path.join(folder, file))
  const broken = files.flatMap((file) => {
    const database = new DatabaseSync(file, { readOnly: true })
    const answers = database.prepare('pragma integrity_check').all()
    database.close()
    return answers.map((row) => String(row['integrity_check'])).filter((text) => text !== 'ok')
  })
  const none = files.length === 0 ? ['there is no file'] : []
  return { name: 'the database is sound', looked: files.length, broken: [...broken, ...none] }
}

/** A line for each, and below what is broken. */
export function report(invariants: readonly Invariant[]): readonly (readonly string[])[] {
  return invariants.map(({ name, looked, broken }) => {
    const shown = broken.slice(0, MOST_SHOWN).join('; ')
    const verdict = broken.length === 0 ? 'holds' : `BROKEN ${broken.length}: ${shown}`
    return [name, String(looked), verdict]
  })
}
