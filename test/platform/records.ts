import { env } from 'cloudflare:workers'

// What D1 and KV hold, read past the service.

export async function rows(query: string, ...values: unknown[]) {
  const { results } = await env.DB.prepare(query)
    .bind(...values)
    .all()
  return results
}

export async function row(query: string, ...values: unknown[]) {
  const [first] = await rows(query, ...values)
  if (!first) throw new Error(`no row: ${query}`)
  return first
}

export function sessionRows(userId: string) {
  return rows('select * from user_sessions where user_id = ? order by id', userId)
}

export async function eventTypes(userId: string): Promise<unknown[]> {
  const events = await rows(
    'select type from audit_events where subject_id = ? order by seq',
    userId,
  )
  return events.map(({ type }) => type)
}

export async function setActive(userId: string, isActive: boolean): Promise<void> {
  await rows('update users set is_active = ? where id = ?', isActive ? 1 : 0, userId)
}

export function marker(key: string): Promise<string | null> {
  return env.REVOCATIONS.get(key)
}
