import { expect, test } from 'vitest'
import { importAuditKey, isAuditSignature } from '../../src/crypto/audit-signature'
import { AUDIT_KEY } from '../platform/audit'

// RFC 8032 §7.1, test 1, which is of the key of these tests: the empty message.
const EMPTY =
  '5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc-bRr0lv18FlbviRlUUFDjnoQCw'

test('a vector of the standard', async () => {
  const sign = await importAuditKey(AUDIT_KEY as never)
  expect(await sign('')).toBe(EMPTY)
  expect(await isAuditSignature('', EMPTY, AUDIT_KEY.x)).toBe(true)
})

test('of another text, by another key, or none at all', async () => {
  const sign = await importAuditKey(AUDIT_KEY as never)
  const signature = await sign('this')
  expect(await isAuditSignature('that', signature, AUDIT_KEY.x)).toBe(false)
  const other = AUDIT_KEY.d
  for (const key of [other, '', 'junk']) {
    expect(await isAuditSignature('this', signature, key), key).toBe(false)
  }
  for (const text of ['', 'junk', `${signature}=`, '!']) {
    expect(await isAuditSignature('this', text, AUDIT_KEY.x), text).toBe(false)
  }
})
