import { createHash, randomBytes } from 'node:crypto'

/** The columns of an audit event that hold what concerns persons. */
export const PERSONAL_COLUMNS =
  'personal, personal_salt, personal_digest, subject_personal, subject_personal_salt, subject_personal_digest'

/**
 * What an audit event of the operator holds in these columns, as the service's own do (docs/audit.md): nothing of the actor,
 * and the detail.
 */
export function personalValues(detail: Readonly<Record<string, string>>): readonly string[] {
  const sorted = Object.fromEntries(Object.entries(detail).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return [...part({ ip: null, user_agent: null }), ...part({ detail: sorted })]
}

function part(content: object): readonly string[] {
  const text = JSON.stringify(content)
  const salt = randomBytes(16).toString('base64url')
  const digest = createHash('sha256')
    .update(salt + text)
    .digest('base64url')
  return [text, salt, digest]
}
