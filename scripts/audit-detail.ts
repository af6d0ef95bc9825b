import { createHash, randomBytes } from 'node:crypto'

/** What an audit event of the operator has of the person it is about, in the columns of the service's own (docs/audit.md). */
export function auditDetail(detail: Readonly<Record<string, string>>) {
  const sorted = Object.fromEntries(Object.entries(detail).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const personal = JSON.stringify({ detail: sorted, ip: null, user_agent: null })
  const salt = randomBytes(16).toString('base64url')
  const digest = createHash('sha256')
    .update(salt + personal)
    .digest('base64url')
  return { personal, salt, digest }
}
