import type { RevocationMarkers } from './revocation-markers'

const KEY = 'audit:head'

/** The head of the audit trail as KV has it, where somebody who writes to the database does not reach it. */
export async function readAuditHead(markers: RevocationMarkers): Promise<string | null> {
  const found = await markers.get([KEY], { cacheTtl: 30 })
  return found.get(KEY) ?? null
}

export async function writeAuditHead(markers: RevocationMarkers, head: string): Promise<void> {
  await markers.put(KEY, head, {})
}
