import { vi } from 'vitest'

const CEILING = 100_000

let derivations = 0

/** How many PBKDF2 calls there have been since the test began. */
export function countDerivations(): number {
  return derivations
}

/** Refuses as production does what the local runtime allows: more than 100,000 iterations in one call. */
export function capPbkdf2(): void {
  derivations = 0
  const { subtle } = crypto
  const deriveBits = subtle.deriveBits.bind(subtle)
  const deriveKey = subtle.deriveKey.bind(subtle)
  vi.spyOn(subtle, 'deriveBits').mockImplementation(async (algorithm, ...rest) => {
    check(algorithm)
    return deriveBits(algorithm, ...rest)
  })
  vi.spyOn(subtle, 'deriveKey').mockImplementation(async (algorithm, ...rest) => {
    check(algorithm)
    return deriveKey(algorithm, ...rest)
  })
}

function check(algorithm: string | SubtleCryptoDeriveKeyAlgorithm): void {
  if (typeof algorithm === 'string' || algorithm.name !== 'PBKDF2') return
  derivations++
  const { iterations = 0 } = algorithm
  if (iterations <= CEILING) return
  throw new DOMException(
    `Pbkdf2 failed: iteration counts above ${CEILING} are not supported (requested ${iterations}).`,
    'NotSupportedError',
  )
}
