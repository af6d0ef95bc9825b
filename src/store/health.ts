import { sql } from 'drizzle-orm'
import { type Database, runBatch } from './database'
import { type RevocationMarkers, readRevocationMarkers } from './revocation-markers'
import { roles } from './schema'

/** Resolves when D1 answers and has our tables, and KV answers. */
export async function touchStores(db: Database, markers: RevocationMarkers): Promise<void> {
  await Promise.all([
    runBatch(db, [db.select({ one: sql`1` }).from(roles).limit(1)]),
    readRevocationMarkers(markers, ['health']),
  ])
}
