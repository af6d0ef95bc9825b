import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readForeignHash } from '../../src/crypto/foreign-password/foreign-hash'
import { deriveLongPbkdf2 } from '../../src/crypto/foreign-password/long-pbkdf2'
import { verifyForeignPassword } from '../../src/crypto/foreign-password/verify'
import { pbkdf2 } from '../../src/crypto/pbkdf2'
import { FOREIGN_UNICODE_HASHES, UNICODE_PASSWORD } from '../platform/foreign-hashes'
import { countDerivations } from '../platform/pbkdf2'
import { seedsOf } from '../platform/seeds'

async function verify(password: string, text: string): Promise<boolean> {
  const hash = readForeignHash(text)
  if (!hash.scheme) throw new Error(`${text}: ${hash.reason}`)
  return verifyForeignPassword(password, hash)
}

const SALT = '8PHy8/T19vf4+fr7/P3+/w'
const DIGEST = 'EsGvS6jyHutJWPvqDLlYNM2egsIYdwZUL+rd090sbUU'
const SIGNER_KEY =
  'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=='
const FIREBASE = `$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=${SIGNER_KEY}$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==`

describe('hashes that other implementations made', () => {
  test.each(Object.entries(FOREIGN_UNICODE_HASHES))('%s', async (_name, text) => {
    expect(await verify(UNICODE_PASSWORD, text)).toBe(true)
    // As it came: the other system knew of no normal form.
    for (const wrong of [UNICODE_PASSWORD.normalize('NFD'), `${UNICODE_PASSWORD} `, 'p']) {
      expect(await verify(wrong, text), wrong).toBe(false)
    }
  })

  // crypt_blowfish 1.3, wrapper.c, and OpenBSD's.
  test.each([
    ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
    ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK', 'U*U*'],
    ['$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a', 'U*U*U'],
    ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy', ''],
    [
      '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui',
      '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored',
    ],
  ])('bcrypt, published: %s', async (text, password) => {
    expect(await verify(password, text)).toBe(true)
    expect(await verify(`x${password}`, text)).toBe(false)
  })

  test('bcrypt of 80 characters is that of the first 72', async () => {
    const text = '$2b$04$abcdefghijklmnopqrstuum2G75IXDN/xsgbNa/hCiPSKyIHQd70S'
    const digits = '0123456789'.repeat(8)
    expect(await verify(digits, text)).toBe(true)
    expect(await verify(digits.slice(0, 72), text)).toBe(true)
    expect(await verify(digits.slice(0, 71), text)).toBe(false)
  })

  // The README of github.com/firebase/scrypt.
  test('scrypt of Firebase, published', async () => {
    expect(await verify('user1password', FIREBASE)).toBe(true)
    expect(await verify('user2password', FIREBASE)).toBe(false)
  })

  test('RFC 7914: scrypt of "pleaseletmein"', async () => {
    const digest = Uint8Array.fromHex(
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
        'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    ).toBase64({ omitPadding: true })
    const text = `$scrypt$ln=14,r=8,p=1$${btoa('SodiumChloride').replace(/=+$/, '')}$${digest}`
    expect(await verify('pleaseletmein', text)).toBe(true)
  })
})

test.each(seedsOf('PROPERTY_SEED'))(
  'the long PBKDF2 equals that of WebCrypto, for any password, salt and count (PROPERTY_SEED=%i)',
  async (seed) => {
    const property = fc.asyncProperty(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100, size: 'max' }),
      fc.uint8Array({ maxLength: 100 }),
      fc.integer({ min: 1, max: 50 }),
      async (password, salt, iterations) => {
        const expected = await pbkdf2(new TextEncoder().encode(password), salt, iterations)
        const derived = await deriveLongPbkdf2(password, { salt, iterations })
        expect(derived.toHex()).toBe(expected.toHex())
      },
    )
    await fc.assert(property, { numRuns: 100, seed })
  },
)

describe('what a hash may cost', () => {
  const bcrypt = (cost: string) =>
    `$2b$${cost}$abcdefghijklmnopqrstuu10cNU3mXRamSUZYs8I8M/Szu..qXq5K`
  const django = (iterations: number) => `pbkdf2_sha256$${iterations}$salt$${DIGEST}=`
  const passlib = (iterations: number) => `$pbkdf2-sha256$${iterations}$${SALT}$${DIGEST}`
  const scrypt = (cost: string) => `$scrypt$${cost}$${SALT}$${DIGEST}`
  const argon2id = (cost: string) => `$argon2id$v=19$${cost}$${SALT}$${DIGEST}`
  const firebase = (cost: string) => FIREBASE.replace('n=14,r=8', cost)

  test.each([
    bcrypt('04'),
    bcrypt('14'),
    django(1),
    django(1_500_000),
    passlib(1_500_000),
    scrypt('ln=14,r=8,p=8'),
    scrypt('ln=13,r=20,p=6'),
    scrypt('ln=16,r=1,p=16'),
    argon2id('m=20480,t=12,p=1'),
    argon2id('m=19456,t=2,p=4'),
    argon2id('m=8,t=1,p=1'),
    argon2id('m=128,t=2048,p=16'),
    firebase('n=14,r=10'),
  ])('taken: %s', (text) => {
    expect(readForeignHash(text)).toMatchObject({ text })
  })

  test.each([
    [bcrypt('03'), 'bcrypt: there is no cost 03'],
    [bcrypt('15'), 'bcrypt: cost 15 is above 14'],
    [bcrypt('31'), 'bcrypt: cost 31 is above 14'],
    [django(1_500_001), 'PBKDF2: 1500001 iterations are above 1500000'],
    [passlib(999_999_999), 'PBKDF2: 999999999 iterations are above 1500000'],
    [scrypt('ln=15,r=8,p=1'), 'scrypt: needs 32 MiB, more than 20'],
    [scrypt('ln=14,r=8,p=9'), 'scrypt: N·r·p of 1179648 is above 1048576'],
    [scrypt('ln=17,r=1,p=1'), 'scrypt: there is no such cost'],
    [firebase('n=15,r=8'), 'scrypt: needs 32 MiB, more than 20'],
    [argon2id('m=65536,t=3,p=4'), 'Argon2id: needs 64 MiB, more than 20'],
    [argon2id('m=16384,t=17,p=1'), 'Argon2id: m·t of 278528 is above 262144'],
    [argon2id('m=4096,t=1,p=17'), 'Argon2id: 17 lanes are above 16'],
    [argon2id('m=15,t=1,p=2'), 'Argon2id: there is no such cost'],
  ])('refused: %s', (text, reason) => {
    expect(readForeignHash(text)).toEqual({ scheme: null, reason })
  })
})

describe('what is malformed is refused before any work', () => {
  const BCRYPT = '$2b$06$abcdefghijklmnopqrstuu10cNU3mXRamSUZYs8I8M/Szu..qXq5K'
  const unknown = 'of no form that is known, or malformed'
  test.each([
    ['nothing', '', unknown],
    ['plaintext', 'password', unknown],
    ['MD5', '$1$salt$qJH7.N4xYta3aEG/dfqo/0', unknown],
    ['the broken bcrypt', BCRYPT.replace('2b', '2x'), /^bcrypt: \$2x\$/],
    ['the first bcrypt', BCRYPT.replace('$2b', '$2'), unknown],
    ['bcrypt too short', BCRYPT.slice(0, -1), unknown],
    ['bcrypt with stray bits', `${BCRYPT.slice(0, -1)}L`, unknown],
    ['a newline at the end', `${BCRYPT}\n`, unknown],
    ['Argon2i', `$argon2i$v=19$m=64,t=2,p=1$${SALT}$${DIGEST}`, unknown],
    ['an old Argon2', `$argon2id$v=16$m=64,t=2,p=1$${SALT}$${DIGEST}`, unknown],
    [
      'Argon2id with stray bits',
      `$argon2id$v=19$m=64,t=2,p=1$${SALT}$${DIGEST.slice(0, -1)}V`,
      /base64/,
    ],
    ['Argon2id of no passes', `$argon2id$v=19$m=64,t=0,p=1$${SALT}$${DIGEST}`, unknown],
    ['scrypt of no lanes', `$scrypt$ln=4,r=8,p=0$${SALT}$${DIGEST}`, unknown],
    [
      'scrypt with a salt cut short',
      `$scrypt$ln=4,r=8,p=1$${SALT.slice(0, -1)}$${DIGEST}`,
      /base64/,
    ],
    ['PBKDF2 of no iterations', `$pbkdf2-sha256$0$${SALT}$${DIGEST}`, unknown],
    ['PBKDF2 with a leading zero', `$pbkdf2-sha256$01$${SALT}$${DIGEST}`, unknown],
    ['PBKDF2 with a salt that is no base64', `$pbkdf2-sha256$9$${SALT}x$${DIGEST}`, /base64/],
    ['Django with a short digest', `pbkdf2_sha256$9$salt$${DIGEST.slice(1)}=`, unknown],
    ['Django with stray bits', `pbkdf2_sha256$9$salt$${DIGEST.slice(0, -1)}V=`, /base64/],
    ['Firebase without its signer key', FIREBASE.replace(/,sk=[^$]*/, ''), unknown],
    [
      'Firebase with a signer key of another length',
      FIREBASE.replace(SIGNER_KEY, `${DIGEST}=`),
      /length/,
    ],
  ])('%s', (_name, text, reason) => {
    const start = countDerivations()
    const refused = readForeignHash(text)
    expect(refused.scheme).toBeNull()
    expect(refused.scheme === null && refused.reason).toMatch(reason)
    expect(countDerivations()).toBe(start)
  })
})
