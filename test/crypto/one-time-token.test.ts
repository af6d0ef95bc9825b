import { expect, test, vi } from 'vitest'
import {
  newOneTimeToken,
  oneTimeTokenOf,
  verifyOneTimeToken,
} from '../../src/crypto/one-time-token'
import { importSigningKeys } from '../../src/crypto/signing-keys'

const keys = await importSigningKeys(['test-only-secret-0123456789-abcdefghijklmnop'])
const ROW = { id: '01935000-0000-7000-8000-0000000000aa', purpose: 'reset_password' }

test('is a function of row, purpose and secret, and of nothing else', async () => {
  const made = await newOneTimeToken(ROW, keys)
  expect(made.token).toMatch(/^01935000-0000-7000-8000-0000000000aa\.[\w-]{43}$/)
  expect(await oneTimeTokenOf({ ...ROW, keyId: made.keyId }, keys)).toEqual(made)
  const others = [
    await newOneTimeToken({ ...ROW, purpose: 'verify_email' }, keys),
    await newOneTimeToken({ ...ROW, id: ROW.id.replace('aa', 'ab') }, keys),
    await newOneTimeToken(
      ROW,
      await importSigningKeys(['another-secret-0123456789-abcdefghijklmnop']),
    ),
  ]
  for (const other of others) expect(other.token.split('.')[1]).not.toBe(made.token.split('.')[1])
  expect(made.tokenHash).not.toContain(made.token.split('.')[1])
})

test('is known by any secret that is held, for its purpose', async () => {
  const { token, tokenHash } = await newOneTimeToken(ROW, keys)
  expect(await verifyOneTimeToken(token, ROW.purpose, keys)).toMatchObject({
    id: ROW.id,
    tokenHash,
  })
  expect(await verifyOneTimeToken(token, 'verify_email', keys)).toBe(null)
  expect(await verifyOneTimeToken(`${token}x`, ROW.purpose, keys)).toBe(null)
})

test('is compared in a time that tells nothing of how much of it is right', async () => {
  const { token } = await newOneTimeToken(ROW, keys)
  const compare = vi.spyOn(crypto.subtle, 'timingSafeEqual')
  await verifyOneTimeToken(`${token.slice(0, -1)}x`, ROW.purpose, keys)
  expect(compare).toHaveBeenCalledTimes(1)
})

test('cannot be made again where the secret is gone', async () => {
  expect(await oneTimeTokenOf({ ...ROW, keyId: 'gone' }, keys)).toBe(null)
  const without = { ...keys, byKid: new Map() }
  await expect(newOneTimeToken(ROW, without)).rejects.toThrow('not among the keys')
})
