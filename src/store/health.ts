import { sql } from 'drizzle-orm'
import { type Database, runBatch, StoreUnavailable } from './database'
import { type RevocationMarkers, readRevocationMarkers } from './revocation-markers'
import { roles } from './schema'

/**
 * Resolves when D1 answers and has our tables, and KV answers.
 * @throws StoreUnavailable
 */
export async function touchStores(db: Database, markers: RevocationMarkers): Promise<void> {
  const marker = readRevocationMarkers(markers, ['health'])
  await Promise.all([
    runBatch(db, [db.select({ one: sql`1` }).from(roles).limit(1)]),
    marker.catch(() => {
      throw new StoreUnavailable('KV is unavailable')
    }),
  ])
}
