// The keys that sign access tokens, for services that verify by themselves: `npm run keys -- help`.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { newKey, newKeySet, parseKeySet, rotate, stateOf, thumbprint } from './signing-key-set.ts'

const HELP = `npm run --silent keys -- <command>

  new       a first value of the secret AUTH_SIGNING_KEYS
  rotate    the next value of the one on standard input: publishes a new key, or lets the published one sign,
            or retires the one that signed before it
  list      what is in the value on standard input

--algorithm EdDSA|ES256  of a new key; ES256 (the default) is what more libraries know

The value is printed, and what to do is told on standard error:
  npm run --silent keys -- rotate < keys.json > next.json && npx wrangler secret put AUTH_SIGNING_KEYS < next.json
`

const ADVICE = {
  published:
    'A new key is published. Deploy this, and wait for ten minutes, until everybody has fetched it: twice as long as they may keep the set.',
  signs:
    'The new key signs. Deploy this, and wait for AUTH_ACCESS_TTL and two minutes, until the last token of the old one has expired.',
  retired: 'The old key is gone. Deploy this; the rotation is over.',
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { algorithm: { type: 'string', default: 'ES256' } },
})

try {
  run(positionals[0])
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}

function run(command: string | undefined): void {
  if (command === 'new') {
    print(newKeySet(newKey(algorithm())))
    console.error(
      'Keep it as the secret AUTH_SIGNING_KEYS. Tokens that were signed before stay good.',
    )
  } else if (command === 'rotate') {
    const { step, set } = rotate(given(), () => newKey(algorithm()))
    print(set)
    console.error(ADVICE[step])
  } else if (command === 'list') {
    for (const key of given().keys) console.log(`${thumbprint(key)}  ${key.crv}  ${stateOf(key)}`)
  } else {
    console.log(HELP)
    process.exitCode = command === undefined || command === 'help' ? 0 : 2
  }
}

function given() {
  return parseKeySet(readFileSync(0, 'utf8'))
}

function print(value: unknown): void {
  console.log(JSON.stringify(value))
}

function algorithm(): 'EdDSA' | 'ES256' {
  if (values.algorithm === 'EdDSA' || values.algorithm === 'ES256') return values.algorithm
  throw new Error('--algorithm is EdDSA or ES256.')
}
