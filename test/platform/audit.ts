import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { auditTrail } from '../../scripts/audit-trail'
import type { Query } from '../../scripts/database'
import { type VerifyOptions, verifyAudit } from '../../scripts/verify-audit'
import { staleReads } from './bindings'
import { createClient, runScheduledJob, type Total } from './client'
import { advanceSeconds } from './clock'
import { newEmail, PASSWORD, signUpPerson } from './people'
import { rows } from './records'

/** A key pair of the tests' own. */
export const AUDIT_KEY = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
}

/** The operator's access to the database, on that of the tests. */
export const query: Query = async (...statements) => {
  const answers = await env.DB.batch(statements.map((statement) => env.DB.prepare(statement)))
  return answers.map(({ results }) => results as Record<string, string | number | null>[])
}

/** Runs the job with the tests' key; answers what it cost. */
export function seal(vars: Readonly<Record<string, unknown>> = {}): Promise<Total> {
  const AUDIT_SIGNING_KEY = JSON.stringify(AUDIT_KEY)
  // The local KV keeps what it has read by the machine's own time.
  return runScheduledJob(staleReads(0), { AUDIT_SIGNING_KEY, ...vars })
}

export const pinned = (...keys: readonly string[]) =>
  new Map<string, string | null>(keys.map((key) => [key, null]))

export function verifyTrail(options: Partial<VerifyOptions> = {}) {
  return verifyAudit(auditTrail(query), {
    publicKeys: pinned(AUDIT_KEY.x),
    now: Date.now(),
    ...options,
  })
}

export async function findings(options?: Partial<VerifyOptions>): Promise<readonly string[]> {
  return (await verifyTrail(options)).findings
}

export const HEAD_MISSING =
  'the expected head is not in the trail: it was cut off, set back or rewritten (or has passed its retention)'

export async function forgetChain(): Promise<void> {
  await rows('delete from audit_checkpoints')
  await env.REVOCATIONS.delete('audit:head')
}

/** No events and no chain, for a test that counts them: the next event is the first of all. */
export async function emptyTrail(): Promise<void> {
  await rows('delete from audit_events')
  await rows(`delete from sqlite_sequence where name = 'audit_events'`)
  await forgetChain()
}

/** Five events under one checkpoint, and five under the next. */
export async function sealedTrail() {
  const client = createClient()
  for (let part = 0; part < 2; part++) {
    for (let person = 0; person < 4; person++) await signUpPerson(client)
    await client.post('/auth/login', { body: { email: newEmail(), password: PASSWORD } })
    await seal()
    advanceSeconds(1)
  }
  const events = await rows('select * from audit_events order by seq')
  const checkpoints = await rows('select * from audit_checkpoints order by from_seq')
  expect([events.length, checkpoints.length]).toEqual([10, 2])
  expect(await findings()).toEqual([])
  return { seqs: events.map(({ seq }) => Number(seq)), events, checkpoints }
}
