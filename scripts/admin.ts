// The operator's own access, by wrangler: `npm run admin -- help`.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { grantAdmin, listAdmins, revokeAdmin } from './admin-role.ts'
import { allEvents, auditTrail } from './audit-trail.ts'
import { databaseOptions, openDatabase, type Query } from './database.ts'
import { endAllSessions } from './end-all-sessions.ts'
import { verifyAudit } from './verify-audit.ts'

const HELP = `npm run admin -- <command> [--remote]

  grant EMAIL     make the account with this email an admin (they sign up first). With --remote the email must be
                  verified, or --unverified given: anybody can sign up with an address that is not theirs
  revoke EMAIL    take that away; the last active admin stays
  list            who is an admin
  end-all-sessions    log everybody out and end every API key; each access token counts at /auth/verify until it expires, unless
                      AUTH_NOT_BEFORE says otherwise. --keep-api-keys leaves the keys
  verify-audit    check the audit trail; names what was changed, removed or inserted, and exits with 1
      --public-key KEY     whose signatures count, comma-separated (or AUDIT_PUBLIC_KEY in the environment;
                           without --remote, else the one of .dev.vars). KEY@HEAD counts up to that head
      --expect-head HEAD   a head from the log, which the trail must lead through
  export-audit    the audit trail as NDJSON, the oldest event first

--remote works on the deployed database, else on that of \`npm run dev\` (--persist-to DIR: on that of DIR).
`

const NO_HEAD =
  'Nothing wrong was found. Without --expect-head a trail that was cut off or written anew looks like this too.'

class UsageError extends Error {}

const { values, positionals } = parseArguments()
const [command, email, ...more] = positionals
const query = openDatabase(databaseOptions(values))

try {
  process.exitCode = await run(query)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = error instanceof UsageError ? 2 : 3
}

async function run(query: Query): Promise<number> {
  const takesEmail = command === 'grant' || command === 'revoke'
  if (more.length > 0 || (email !== undefined && !takesEmail)) {
    throw new UsageError('There is a word too many.')
  }
  if (command === 'grant') return grant(query, emailOf(email))
  if (command === 'revoke') return revoke(query, emailOf(email))
  if (command === 'list') return list(query)
  if (command === 'end-all-sessions') return endAll(query)
  if (command === 'verify-audit') return verify(query)
  if (command === 'export-audit') return exportAudit(query)
  console.log(HELP)
  return command === undefined || command === 'help' ? 0 : 2
}

async function grant(query: Query, address: string): Promise<number> {
  const mustBeVerified = values.remote && !values.unverified
  const result = await grantAdmin(query, address, Date.now(), { mustBeVerified })
  const { user, isDone, isUnverified, isRefused } = result
  if (!user) {
    console.error(
      `There is no account with the email ${address}. Sign up first, then run this again.`,
    )
    return 1
  }
  if (isRefused) {
    console.error(
      `${address} is not verified: the account may be somebody else's. Have its link opened, or give --unverified.`,
    )
    return 1
  }
  console.log(isDone ? `${address} is an admin now.` : `${address} is an admin already.`)
  if (isUnverified) console.log('The email of the account is not verified.')
  if (user['is_active'] === 0) console.log('The account is disabled.')
  return 0
}

async function revoke(query: Query, address: string): Promise<number> {
  const { user, isDone, isLastAdmin } = await revokeAdmin(query, address, Date.now())
  if (!user) console.error(`There is no account with the email ${address}.`)
  if (isLastAdmin) console.error(`${address} is the last active admin: grant somebody else first.`)
  if (!user || isLastAdmin) return 1
  console.log(isDone ? `${address} is no admin any more.` : `${address} is no admin.`)
  return 0
}

async function list(query: Query): Promise<number> {
  const admins = await listAdmins(query)
  for (const { id, email, is_active } of admins) {
    console.log(`${email}  ${id}${is_active ? '' : '  disabled'}`)
  }
  if (admins.length === 0) console.log('There is no admin.')
  return 0
}

async function endAll(query: Query): Promise<number> {
  const now = Date.now()
  const keepsApiKeys = values['keep-api-keys']
  const { sessions, apiKeys } = await endAllSessions(query, { now, keepsApiKeys })
  console.log(`${sessions} sessions have ended${keepsApiKeys ? '' : `, and ${apiKeys} API keys`}.`)
  console.log(
    `For /auth/verify too: set AUTH_NOT_BEFORE = "${new Date(now).toISOString()}" and deploy.`,
  )
  if (keepsApiKeys) console.log('That refuses the API keys as well: they were made before it.')
  return 0
}

async function verify(query: Query): Promise<number> {
  const expectHead = values['expect-head']
  if (expectHead !== undefined && !/^[\w-]{43}$/.test(expectHead)) {
    throw new UsageError('--expect-head is not a head.')
  }
  const { findings, checkpoints, events, unsealed, head } = await verifyAudit(auditTrail(query), {
    publicKeys: publicKeys(),
    now: Date.now(),
    ...(expectHead !== undefined && { expectHead }),
    onProgress: (checkpoints, events) => {
      process.stderr.write(`\r${checkpoints} checkpoints, ${events} events`)
    },
  })
  process.stderr.write('\n')
  for (const finding of findings) console.log(finding)
  console.log(
    `${checkpoints} checkpoints over ${events} events; ${unsealed} not sealed yet. Head: ${head || 'none'}`,
  )
  if (findings.length > 0) console.log(`${findings.length} findings.`)
  else console.log(expectHead ? 'Nothing wrong was found.' : NO_HEAD)
  return findings.length === 0 ? 0 : 1
}

async function exportAudit(query: Query): Promise<number> {
  for await (const event of allEvents(query)) {
    const parts = {
      personal: readJson(event.personal),
      subject_personal: readJson(event.subject_personal),
    }
    console.log(JSON.stringify({ ...event, ...parts }))
  }
  return 0
}

function publicKeys(): ReadonlyMap<string, string | null> {
  const given =
    values['public-key'] ?? process.env['AUDIT_PUBLIC_KEY'] ?? (values.remote ? '' : localKey())
  const keys = given
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '')
  if (keys.length === 0 || !keys.every((key) => /^[\w-]{43}(?:@[\w-]{43})?$/.test(key))) {
    throw new UsageError('Which key? Give --public-key, as `npm run secrets` printed it.')
  }
  return new Map(
    keys.map((key) => {
      const [publicKey = '', head] = key.split('@')
      return [publicKey, head ?? null]
    }),
  )
}

// What is no JSON was put there past the service: it is exported as it is.
function readJson(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return text
  }
}

function localKey(): string {
  const file = path.join(import.meta.dirname, '../.dev.vars')
  if (!existsSync(file)) return ''
  return /^AUDIT_SIGNING_KEY=.*"x":"([\w-]{43})"/m.exec(readFileSync(file, 'utf8'))?.[1] ?? ''
}

function emailOf(text: string | undefined): string {
  if (text?.includes('@')) return text.trim()
  throw new UsageError('Whose? Give an email.')
}

function parseArguments() {
  try {
    return readArguments()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(2)
  }
}

function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      remote: { type: 'boolean', default: false },
      'persist-to': { type: 'string' },
      'public-key': { type: 'string' },
      'expect-head': { type: 'string' },
      'keep-api-keys': { type: 'boolean', default: false },
      unverified: { type: 'boolean', default: false },
    },
  })
}
