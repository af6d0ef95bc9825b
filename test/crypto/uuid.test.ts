import { expect, test } from 'vitest'
import { uuidV7 } from '../../src/crypto/uuid'

test('the example of RFC 9562 §A.6 has our timestamp, version and variant', () => {
  expect(uuidV7(0x017f22e279b0)).toMatch(
    /^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
})

test('ids sort by time and never repeat within a millisecond', () => {
  const ids = Array.from({ length: 1000 }, () => uuidV7(1_793_534_400_000))
  expect(new Set(ids).size).toBe(1000)
  expect(uuidV7(1_793_534_400_001) > (ids.toSorted().at(-1) ?? '')).toBe(true)
})
