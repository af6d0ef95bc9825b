import { pbkdf2 } from '../pbkdf2'
import type { Pbkdf2Hash } from './foreign-hash'

// PBKDF2-HMAC-SHA-256 of more iterations than production Workers compute in one call. What such a call leaves behind is
// not what the next would have to go on from, so the loop is here; WebCrypto does what comes before it. In workerd it
// takes a third of the time of @noble/hashes, which is for messages of any length: here each is one block, nothing is
// allocated, and no method is called that would loop for us. SHA-256 (FIPS 180-4 §6.2.2) has neither branches nor indices that depend on what it hashes.

const BLOCK_BYTES = 64
const HASH_WORDS = 8
/** Of a message of one block before it and 32 bytes. */
const MESSAGE_BITS = (BLOCK_BYTES + 32) * 8
const INNER_PAD = 0x36
const OUTER_PAD = 0x5c

const INITIAL = Int32Array.from([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
])

const ROUND = Int32Array.from([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
])

export async function deriveLongPbkdf2(
  password: string,
  { salt, iterations }: Pick<Pbkdf2Hash, 'salt' | 'iterations'>,
): Promise<Uint8Array> {
  const secret = new TextEncoder().encode(password)
  const first = await pbkdf2(secret, salt, 1)
  const key =
    secret.length > BLOCK_BYTES
      ? new Uint8Array(await crypto.subtle.digest('SHA-256', secret))
      : secret
  return fromWords(
    iterate(toWords(first), padded(key, INNER_PAD), padded(key, OUTER_PAD), iterations),
  )
}

/** The first output and all that follow, each the HMAC of the one before, combined by XOR. */
function iterate(
  first: Int32Array,
  inner: Int32Array,
  outer: Int32Array,
  iterations: number,
): Int32Array {
  const result = first.slice()
  const schedule = new Int32Array(64)
  const output = first.slice()
  for (let iteration = 1; iteration < iterations; iteration++) {
    continueHash(inner, output, schedule)
    continueHash(outer, output, schedule)
    for (let i = 0; i < HASH_WORDS; i++) result[i] = word(result, i) ^ word(output, i)
  }
  return result
}

/** Replaces the message by the hash of it and of the block that `midstate` stands for. */
function continueHash(midstate: Int32Array, message: Int32Array, schedule: Int32Array): void {
  for (let i = 0; i < HASH_WORDS; i++) {
    schedule[i] = word(message, i)
    schedule[HASH_WORDS + i] = 0
  }
  schedule[HASH_WORDS] = 0x80000000
  schedule[15] = MESSAGE_BITS
  compress(midstate, schedule, message)
}

/** The state after the first block of an HMAC, which is the key under a pad. */
function padded(key: Uint8Array, pad: number): Int32Array {
  const block = new Uint8Array(BLOCK_BYTES)
  block.set(key)
  const schedule = new Int32Array(64)
  schedule.set(toWords(block.map((byte) => byte ^ pad)))
  const state = new Int32Array(HASH_WORDS)
  compress(INITIAL, schedule, state)
  return state
}

/** `next` is the state after `state` and the block in the first 16 words of `schedule`. */
function compress(state: Int32Array, schedule: Int32Array, next: Int32Array): void {
  for (let t = 16; t < 64; t++) {
    const w15 = word(schedule, t - 15)
    const w2 = word(schedule, t - 2)
    const sigma0 = rotated(w15, 7) ^ rotated(w15, 18) ^ (w15 >>> 3)
    const sigma1 = rotated(w2, 17) ^ rotated(w2, 19) ^ (w2 >>> 10)
    schedule[t] = (sigma1 + word(schedule, t - 7) + sigma0 + word(schedule, t - 16)) | 0
  }
  let a = word(state, 0)
  let b = word(state, 1)
  let c = word(state, 2)
  let d = word(state, 3)
  let e = word(state, 4)
  let f = word(state, 5)
  let g = word(state, 6)
  let h = word(state, 7)
  for (let t = 0; t < 64; t++) {
    const sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
    const choice = (e & f) ^ (~e & g)
    const t1 = (h + sum1 + choice + word(ROUND, t) + word(schedule, t)) | 0
    const sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + sum0 + majority) | 0
  }
  next[0] = word(state, 0) + a
  next[1] = word(state, 1) + b
  next[2] = word(state, 2) + c
  next[3] = word(state, 3) + d
  next[4] = word(state, 4) + e
  next[5] = word(state, 5) + f
  next[6] = word(state, 6) + g
  next[7] = word(state, 7) + h
}

function rotated(x: number, bits: number): number {
  return (x >>> bits) | (x << (32 - bits))
}

function word(words: Int32Array, index: number): number {
  return Number(words[index])
}

function toWords(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i))
}

function fromWords(words: Int32Array): Uint8Array {
  const bytes = new Uint8Array(4 * words.length)
  const view = new DataView(bytes.buffer)
  for (const [i, value] of words.entries()) view.setInt32(4 * i, value)
  return bytes
}
