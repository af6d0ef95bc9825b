import { createHmac, pbkdf2Sync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { configOf } from '../../src/config'
import {
  deriveTag,
  hashPassword,
  needsRehash,
  type PasswordHashing,
  parsePasswordHash,
  verifyPassword,
} from '../../src/crypto/password'
import { OWN_SCHEME } from '../../src/crypto/password-hash'
import { AUDIT_KEY } from '../platform/audit'
import { countDerivations } from '../platform/pbkdf2'
import { seedsOf } from '../platform/seeds'

const SALT = Uint8Array.fromHex('000102030405060708090a0b0c0d0e0f')
const PEPPER = new Uint8Array(32).fill(0xff)
const HASHING: PasswordHashing = {
  iterations: 10_000,
  rounds: 6,
  pepperVersion: 1,
  peppers: new Map([[1, PEPPER]]),
}

const STORED =
  '$pbkdf2-sha256-chain$v=1$i=100000,r=6,k=1$AAECAwQFBgcICQoLDA0ODw$jSXVMaUGhMWCkEWhlbcfGbtryTHrfGoxoDMGIlUeWrs'

describe('the chain', () => {
  const vectors = [
    ['password', 1, 1, '2780a5f12bd7e0dc5aca226d7b07fd5cc9e6daed682091fba72effe427c81116'],
    ['password', 1, 2, 'be8cee299b4e69d6cd47c56f49047f7de2681ebfe604d6146078004ee55013c0'],
    ['password', 2, 3, '3d2239f589f76b93eb6972af5cc3e83470d79cd04bb1e2f8d1bc40589228d574'],
    [
      'correct horse battery staple',
      100_000,
      6,
      '8d25d531a50684c5829045a195b71f19bb6bc931eb7c6a31a0330622551e5abb',
    ],
    [
      'pa\u0308sswörd \u{1F511}',
      1000,
      6,
      'c74eeed4a1f2c455ed1c07ec8d8f66181f1d925baccb7f0ccf0ece9707f37031',
    ],
    ['x'.repeat(128), 1000, 6, 'b6001ff5fd2d0e58b3d180a63528614001bdec136a373d2a63991f53c9123bc4'],
  ] as const

  test.each(vectors)('%s, i=%i, r=%i', async (password, iterations, rounds, expected) => {
    const tag = await deriveTag(password, { iterations, rounds, pepper: PEPPER, salt: SALT })
    expect(tag.toHex()).toBe(expected)
  })

  test.each(seedsOf('PROPERTY_SEED'))(
    'equals the same chain made of node:crypto, for any password, salt and pepper (PROPERTY_SEED=%i)',
    async (seed) => {
      const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
      const property = fc.asyncProperty(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 }),
        bytes(16),
        bytes(32),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 7 }),
        async (password, salt, pepper, iterations, rounds) => {
          let key: Uint8Array = Buffer.from(password.normalize('NFC'))
          for (let round = 1; round <= rounds; round++) {
            key = pbkdf2Sync(key, Buffer.from([...salt, round]), iterations, 32, 'sha256')
          }
          const expected = createHmac('sha256', pepper).update('pwd-v1\0').update(key).digest('hex')
          const tag = await deriveTag(password, { iterations, rounds, pepper, salt })
          expect(tag.toHex()).toBe(expected)
        },
      )
      await fc.assert(property, { numRuns: 30, seed })
    },
  )

  // RFC 7914 §11: the primitive that the chain is made of.
  test.each([
    ['passwd', 'salt', 1, '55ac046e56e3089f'],
    ['Password', 'NaCl', 80_000, '4ddcd8f60b98be21'],
  ])('PBKDF2-HMAC-SHA-256 of %s', async (password, salt, iterations, start) => {
    const bytes = new TextEncoder().encode(password)
    const key = await crypto.subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveBits'])
    const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt: new TextEncoder().encode(salt) }
    const bits = await crypto.subtle.deriveBits({ ...algorithm, iterations }, key, 512)
    expect(new Uint8Array(bits).toHex().slice(0, 16)).toBe(start)
  })
})

describe('hash and verify', () => {
  test('the right password matches, any other does not', async () => {
    const text = await hashPassword('a password of mine', HASHING)
    const stored = parsePasswordHash(text, HASHING)
    expect(stored).not.toBeNull()
    expect(await verifyPassword('a password of mine', stored, HASHING)).toBe(true)
    for (const wrong of ['a password of mine ', 'A password of mine', 'a password of min', '']) {
      expect(await verifyPassword(wrong, stored, HASHING), wrong).toBe(false)
    }
  })

  test('is compared in a time that tells nothing of how much of it is right', async () => {
    const stored = parsePasswordHash(STORED, HASHING)
    const compare = vi.spyOn(crypto.subtle, 'timingSafeEqual')
    await verifyPassword('wrong', stored, HASHING)
    expect(compare).toHaveBeenCalledTimes(1)
  })

  test('the stored form of the published vector', async () => {
    const stored = parsePasswordHash(STORED, HASHING)
    expect(await verifyPassword('correct horse battery staple', stored, HASHING)).toBe(true)
  })

  test('composed and decomposed spellings are one password', async () => {
    const stored = parsePasswordHash(await hashPassword('pässword one', HASHING), HASHING)
    expect(await verifyPassword('pa\u0308ssword one', stored, HASHING)).toBe(true)
  })

  test('two hashes of one password differ: the salt is fresh', async () => {
    const hashes = [await hashPassword('same', HASHING), await hashPassword('same', HASHING)]
    expect(new Set(hashes).size).toBe(2)
  })

  test('another pepper of the same version does not match', async () => {
    const text = await hashPassword('a password of mine', HASHING)
    const other = { ...HASHING, peppers: new Map([[1, new Uint8Array(32).fill(1)]]) }
    const stored = parsePasswordHash(text, other)
    expect(await verifyPassword('a password of mine', stored, other)).toBe(false)
  })

  test('without a stored hash the same work is done and the answer is no', async () => {
    const text = await hashPassword('a password of mine', HASHING)
    const stored = parsePasswordHash(text, HASHING)
    const start = countDerivations()
    await verifyPassword('guess', stored, HASHING)
    const known = countDerivations() - start
    expect(await verifyPassword('guess', null, HASHING)).toBe(false)
    expect(countDerivations() - start - known).toBe(known)
    expect(known).toBe(6)
  })

  test('hashing needs the pepper of its version', async () => {
    await expect(hashPassword('x', { ...HASHING, pepperVersion: 2 })).rejects.toThrow('no pepper')
  })
})

describe('the parser', () => {
  const mutations: Record<string, string> = {
    nothing: '',
    plaintext: 'password',
    'another scheme': STORED.replace('pbkdf2-sha256-chain', 'pbkdf2-sha256'),
    'another version': STORED.replace('v=1', 'v=2'),
    'a CPU bomb of iterations': STORED.replace('i=100000', 'i=999999'),
    'one iteration more than production takes': STORED.replace('i=100000', 'i=100001'),
    'too few iterations': STORED.replace('i=100000', 'i=9999'),
    'a leading zero': STORED.replace('i=100000', 'i=0100000'),
    'no rounds': STORED.replace('r=6', 'r=0'),
    'too many rounds': STORED.replace('r=6', 'r=17'),
    'an unknown pepper': STORED.replace('k=1', 'k=2'),
    'a short salt': STORED.replace('$AAEC', '$AEC'),
    'a short tag': STORED.slice(0, -1),
    padding: `${STORED}=`,
    'a newline at the end': `${STORED}\n`,
    'salt with stray bits': STORED.replace('DA0ODw$', 'DA0ODx$'),
    'tag with stray bits': `${STORED.slice(0, -1)}t`,
  }
  test.each(Object.entries(mutations))('refuses %s', (_name, text) => {
    expect(parsePasswordHash(text, HASHING)).toBeNull()
  })

  test('takes the bounds themselves', () => {
    for (const parameters of ['i=10000,r=16', 'i=100000,r=1']) {
      const text = STORED.replace('i=100000,r=6', parameters)
      expect(parsePasswordHash(text, HASHING), parameters).not.toBeNull()
    }
  })

  test('any single change to salt, tag or parameters makes the password wrong', async () => {
    const text = await hashPassword('a password of mine', HASHING)
    for (const index of [...text].keys()) {
      const replacement = text[index] === '2' ? '3' : '2'
      const mutated = text.slice(0, index) + replacement + text.slice(index + 1)
      const stored = parsePasswordHash(mutated, HASHING)
      if (stored?.scheme !== OWN_SCHEME || stored.iterations * stored.rounds > 100_000) continue
      expect(await verifyPassword('a password of mine', stored, HASHING), mutated).toBe(false)
    }
  })
})

describe('the work factor', () => {
  test('by default is 600,000 iterations, none of them in a call that production refuses', () => {
    const { passwordHashing } = configOf({
      AUTH_SECRETS: 'test-only-secret-0123456789-abcdefghijklmnop',
      PASSWORD_PEPPER_V1: 'dGVzdC1vbmx5LXBlcHBlci1vZi0zMi1ieXRlcy4uLi4=',
      AUTH_ISSUER: 'https://auth.example.com',
      AUDIT_SIGNING_KEY: JSON.stringify(AUDIT_KEY),
      MAIL_FROM: 'auth@example.com',
    })
    expect(passwordHashing.iterations * passwordHashing.rounds).toBeGreaterThanOrEqual(600_000)
    expect(passwordHashing.iterations).toBeLessThanOrEqual(100_000)
  })

  test('a call above the ceiling is refused here as in production', async () => {
    const tooMany = { iterations: 100_001, rounds: 1, pepper: PEPPER, salt: SALT }
    await expect(deriveTag('password', tooMany)).rejects.toThrow('above 100000 are not supported')
  })

  test('a rehash is due when work or pepper differ from what new hashes get', () => {
    const stored = parsePasswordHash(STORED, HASHING)
    if (!stored) throw new Error('the vector does not parse')
    const current = { ...HASHING, iterations: 100_000 }
    expect(needsRehash(stored, current)).toBe(false)
    expect(needsRehash(stored, { ...current, iterations: 10_000 })).toBe(true)
    expect(needsRehash(stored, { ...current, rounds: 7 })).toBe(true)
    expect(needsRehash(stored, { ...current, pepperVersion: 2 })).toBe(true)
  })
})
