import { expect, test } from 'vitest'
import { MUTATIONS } from './mutations'

// `npm run test:mutants` runs them; here only that there still is what they break.

const sources = import.meta.glob<string>('../../src/**/*.ts', {
  query: '?raw',
  eager: true,
  import: 'default',
})
const tests = Object.keys(import.meta.glob('../**/*.test.ts'))

test.each(MUTATIONS.map((mutation) => [mutation.why, mutation] as const))(
  '%s',
  (_why, { file, find, replace, tests: named }) => {
    const source = sources[`../../${file}`] ?? ''
    expect(source.split(find).length - 1, `${file} has it once`).toBe(1)
    expect(replace).not.toBe(find)
    for (const name of named) expect(tests).toContain(name.replace('test/', '../'))
  },
)
