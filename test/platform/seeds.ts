import { env } from 'cloudflare:workers'

/** The variables that name the seed of a random test. */
type SeedVariable = 'FUZZ_SEED' | 'MODEL_SEED' | 'PROPERTY_SEED'

const FIXED_SEED = 421_305_293

/** The seeds that the variable names, with commas between them; without any, a fixed seed and a random one. */
export function seedsOf(variable: SeedVariable): readonly number[] {
  const named = env[variable]
  return named === '' ? [FIXED_SEED, randomSeed()] : named.split(',').map(Number)
}

function randomSeed(): number {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1))
  return seed % 2 ** 31
}
