/** A UUIDv7 (RFC 9562 §5.7): `now` in milliseconds, then the 74 random bits of a UUIDv4. */
export function uuidV7(now: number): string {
  const time = now.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`
}
