import { createHmac } from 'node:crypto'
import { parseEmailAddress } from '../../src/auth/email-address.ts'

// The design of docs/scale.md: emails and ids fall into 4,096 buckets, and a bucket is in one database. Nothing of it is
// in the service.

export const BUCKETS = 4096

/**
 * Of the address as it is recognised, however it is typed. Under a key: others see the ids that carry it, and could else
 * hold an address that they guess against one.
 */
export function bucketOfEmail(text: string, key = 'a key of the simulation'): number | null {
  const email = parseEmailAddress(text)
  if (!email) return null
  return createHmac('sha256', key).update(email.normalized).digest().readUInt16BE(0) % BUCKETS
}

// The twelve bits of a UUIDv7 after its version (RFC 9562 §5.7, rand_a): 62 random ones are left.
const RAND_A = 15

export function withBucket(id: string, bucket: number): string {
  return id.slice(0, RAND_A) + bucket.toString(16).padStart(3, '0') + id.slice(RAND_A + 3)
}

export function bucketOfId(id: string): number {
  return Number.parseInt(id.slice(RAND_A, RAND_A + 3), 16)
}

/** Contiguous, so that doubling the databases splits each in two and moves nothing between the others. */
export function shardOfBucket(bucket: number, shards: number): number {
  return Math.floor((bucket * shards) / BUCKETS)
}

/** How many times the mean the fullest shard has, of so many addresses. */
export function skewOf(addresses: number, shards: number): number {
  const counts = new Array<number>(shards).fill(0)
  for (let person = 0; person < addresses; person++) {
    const bucket = bucketOfEmail(`Person.${person}@example${person % 97}.com`) ?? 0
    const shard = shardOfBucket(bucket, shards)
    counts[shard] = (counts[shard] ?? 0) + 1
  }
  return Math.max(...counts) / (addresses / shards)
}
