import { seeded } from '../numbers.ts'

/** What a run draws from: the same seed draws the same, though not in the same order of answers. */
export interface Random {
  /** From 0 up to but not 1. */
  readonly fraction: () => number
  readonly below: (limit: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(items: readonly [T, ...T[]]) => T
  readonly pickAny: <T>(items: readonly T[]) => T | undefined
  readonly text: (length: number) => string
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'

export function seededRandom(seed: number): Random {
  const fraction = seeded(seed)
  const below = (limit: number) => Math.floor(fraction() * limit)
  return {
    fraction,
    below,
    chance: (probability) => fraction() < probability,
    pick: (items) => items[below(items.length)] ?? items[0],
    pickAny: (items) => items[below(items.length)],
    text: (length) => Array.from({ length }, () => LETTERS[below(LETTERS.length)]).join(''),
  }
}
