// A user as one line of NDJSON: what `npm run users` imports and exports. docs/moving-in.md has the fields.
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { parseEmailAddress } from '../src/auth/email-address.ts'
import { readForeignHash } from '../src/crypto/foreign-password/foreign-hash.ts'
import { readOwnHash } from '../src/crypto/password-hash.ts'
import type { Row } from './database.ts'

const EARLIEST = Date.parse('0000-01-01T00:00:00Z')
const LATEST = Date.parse('9999-12-31T23:59:59.999Z')

const time = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2021-05-04T09:30:00Z' })
  .transform((text) => Date.parse(text))
  // What an offset leads beyond has no ISO time to be exported as.
  .refine((at) => at >= EARLIEST && at <= LATEST, 'must be of the years 0000 to 9999')

// As the service takes it.
const name = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .refine((text) => [...text].length <= 100, 'must have at most 100 characters')
  .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'contains an invalid character')

const email = z.string().transform((text, { addIssue }) => {
  const parsed = parseEmailAddress(text)
  if (parsed) return parsed
  addIssue({ code: 'custom', message: 'must be an email address' })
  return z.NEVER
})

const passwordHash = z.string().superRefine((text, { addIssue }) => {
  if (readOwnHash(text)) return
  const foreign = readForeignHash(text)
  if (!foreign.scheme) addIssue({ code: 'custom', message: foreign.reason })
})

const UserLine = z.strictObject({
  id: z
    .string()
    .regex(/^[\w.@:+-]{1,128}$/, 'must be 1 to 128 letters, digits or any of _.@:+-')
    .optional(),
  email,
  name: name.nullish(),
  created_at: time,
  is_active: z.boolean().default(true),
  email_verified: z.boolean().default(false),
  last_login_at: time.nullish(),
  roles: z.array(z.string()).default(['user']),
  password_hash: passwordHash.nullish(),
})

/** A user as the database is to have them. */
export interface ImportedUser {
  readonly id: string
  readonly email: string
  readonly emailNormalized: string
  readonly name: string | null
  readonly passwordHash: string | null
  readonly isActive: boolean
  readonly emailVerifiedAt: number | null
  readonly createdAt: number
  readonly lastLoginAt: number | null
  readonly roles: readonly string[]
}

/** The user of a line, or why it is not taken; a reason names fields, and no value of a password hash. */
export function readUserLine(
  line: string,
  knownRoles: ReadonlySet<string>,
): ImportedUser | { readonly reasons: readonly string[] } {
  const parsed = UserLine.safeParse(parseJson(line))
  if (!parsed.success) return { reasons: parsed.error.issues.map(describeIssue) }
  const { email, ...user } = parsed.data
  const unknown = user.roles.filter((role) => !knownRoles.has(role))
  if (unknown.length > 0) return { reasons: unknown.map((role) => `roles: there is no ${role}`) }
  return {
    id: user.id ?? derivedId(email.normalized, user.created_at),
    email: email.address,
    emailNormalized: email.normalized,
    name: user.name ?? null,
    passwordHash: user.password_hash ?? null,
    isActive: user.is_active,
    emailVerifiedAt: user.email_verified ? user.created_at : null,
    createdAt: user.created_at,
    lastLoginAt: user.last_login_at ?? null,
    roles: [...new Set(user.roles)].toSorted(),
  }
}

/** What `readUserLine` reads back as the same user. */
export function writeUserLine(row: Row, withHashes: boolean): string {
  return JSON.stringify({
    id: row['id'],
    email: row['email'],
    name: row['name'],
    created_at: isoTime(row['created_at']),
    is_active: row['is_active'] === 1,
    email_verified: row['email_verified_at'] !== null,
    last_login_at: row['last_login_at'] === null ? null : isoTime(row['last_login_at']),
    roles: JSON.parse(String(row['roles'])),
    ...(withHashes && { password_hash: row['password_hash'] }),
  })
}

// A UUIDv7 of the email and the day it came: the same line is the same user when it is imported again.
function derivedId(emailNormalized: string, createdAt: number): string {
  const hex = createHash('sha256').update(`imported ${emailNormalized}`).digest('hex')
  const time = Math.max(createdAt, 0).toString(16).padStart(12, '0')
  const variant = '89ab'[Number.parseInt(hex.slice(3, 4), 16) % 4]
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`
}

function isoTime(milliseconds: string | number | null | undefined): string {
  return new Date(Number(milliseconds)).toISOString()
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
