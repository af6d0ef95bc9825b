// Runs each command that the documents name in a copy of the project of its own, in which nothing has been generated.
// `npm run test:commands -- [text]` takes only the commands that have the text; `--list` says what is done with each.
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { copyProject } from './copy-project.ts'

/** What is done with a command that is not simply run to its end. */
type Instead =
  /** Runs this: the command, with less to do or on a local database. */
  | { readonly run: string }
  /** Starts the command, waits for this in its output, and ends it. */
  | { readonly until: RegExp }
  | { readonly notHere: string }

const ROOT = path.join(import.meta.dirname, '..')
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'bench/README.md']
const LONGEST_MS = 15 * 60 * 1000
const BY_CI = 'the first lines of .ci/run'
const ACCOUNT = 'needs an account at Cloudflare'
const NEW_KEYS = 'npm run --silent keys -- new > keys.json'
const NEW_SECRETS = 'npm run --silent secrets > secrets.json'

const INSTEAD: Readonly<Record<string, Instead>> = {
  'npm ci': { notHere: BY_CI },
  'npm test': { notHere: BY_CI },
  'npm ci && npm test': { notHere: BY_CI },
  'npm ci && npm run dev': { until: /Ready on/ },
  'npm run dev': { until: /Ready on/ },
  'npm run test:watch': { run: 'npm run test:watch -- test/config.test.ts' },
  'npm run test:isolated': { run: 'npm run test:isolated -- test/config.test.ts' },
  'npm run test:commands': { notHere: 'is this' },
  'npm run test:mutants': { run: 'npm run test:mutants -- --list' },
  'npm run test:mutants -- --sample 20 --seed 1': {
    run: 'npm run test:mutants -- --sample 20 --seed 1 --list',
  },
  'npm run admin -- grant you@example.com': { notHere: 'nobody has signed up: test/e2e/admin' },
  'npm run admin -- grant you@example.com --remote': { notHere: ACCOUNT },
  'npm run admin -- verify-audit': { notHere: 'nothing is sealed: test/e2e/admin' },
  'npm run users -- import users.ndjson --remote': { notHere: `${ACCOUNT}: test/e2e/users` },
  'npm run --silent users -- export --remote': { run: 'npm run --silent users -- export' },
  'npm run --silent keys -- rotate < keys.json > next.json': {
    run: `${NEW_KEYS} && npm run --silent keys -- rotate < keys.json > next.json`,
  },
  'npm install': { notHere: 'in the project of somebody else: test/e2e/verifiers' },
  'npx wrangler login': { notHere: ACCOUNT },
  'npx wrangler deploy': { run: 'npx wrangler deploy --dry-run' },
  'npx wrangler deploy --secrets-file secrets.json': {
    run: `${NEW_SECRETS} && npx wrangler deploy --dry-run --secrets-file secrets.json`,
  },
  'npx wrangler d1 migrations apply DB --remote': {
    run: 'npx wrangler d1 migrations apply DB --local',
  },
  'npm run bench': { run: 'npm run bench -- --rounds 0' },
  'npm run bench -- --rounds 7 --seconds 3': { run: 'npm run bench -- --rounds 0' },
  'npm run bench:growth': { notHere: 'takes minutes, a quiet machine and wrk' },
  'npm run bench:growth -- [users…]': { notHere: 'takes minutes, a quiet machine and wrk' },
  'npm run soak': { notHere: 'takes minutes and a quiet machine' },
  'npm run soak -- --seconds 300 --clients 64 --seed N': {
    notHere: 'takes minutes and a quiet machine',
  },
  'npx node bench/simulate/storage.ts [users]': { run: 'npx node bench/simulate/storage.ts 1000' },
}

/** The lines of its shell blocks without their comments, and what else it sets as a command of npm, npx or node. */
function commandsIn(document: string): readonly string[] {
  const text = readFileSync(path.join(ROOT, document), 'utf8')
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block)
  const lines = blocks.flatMap((block) => block.split('\n'))
  const prose = text.replace(/^```[\s\S]*?^```/gm, '')
  const named = [...prose.matchAll(/`((?:npm|npx|node) [^`]+)`/g)].map(([, name = '']) => name)
  return [...lines, ...named].map((line) => line.replace(/(?:^|\s+)#.*$/, '').trim())
}

const all = [...new Set(DOCUMENTS.flatMap(commandsIn))].filter((command) => command !== '')
const unknown = Object.keys(INSTEAD).filter((command) => !all.includes(command))
if (unknown.length > 0) throw new Error(`no document names: ${unknown.join(', ')}`)

const wanted = process.argv.slice(2)
const isListing = wanted.includes('--list')
const failed: string[] = []
for (const command of all) {
  if (isListing) console.log(`${command}\n    ${saying(command)}`)
  else if (wanted.every((text) => command.includes(text))) await prove(command)
}
if (failed.length > 0) {
  console.error(`these do not work in a fresh copy:\n  ${failed.join('\n  ')}`)
  process.exitCode = 1
}

function saying(command: string): string {
  const instead = INSTEAD[command] ?? { run: command }
  if ('notHere' in instead) return `not here: ${instead.notHere}`
  return 'until' in instead ? `until ${instead.until.source}` : `run: ${instead.run}`
}

async function prove(command: string): Promise<void> {
  const instead = INSTEAD[command] ?? { run: command }
  if ('notHere' in instead) return console.log(`-     ${command}: ${instead.notHere}`)
  const copy = await copyProject()
  try {
    // As a clone has it.
    for (const git of [
      ['init', '--quiet'],
      ['add', '--all'],
    ])
      execFileSync('git', git, { cwd: copy })
    const began = performance.now()
    const { isDone, output } =
      'until' in instead ? await run(copy, command, instead.until) : await run(copy, instead.run)
    const seconds = ((performance.now() - began) / 1000).toFixed(0)
    console.log(`${isDone ? 'works' : 'FAILS'} ${command} (${saying(command)}; ${seconds} s)`)
    if (isDone) return
    console.error(output)
    failed.push(command)
  } finally {
    rmSync(copy, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Whether it ends well, or says what is waited for. All that it has started ends with it. */
function run(cwd: string, command: string, until?: RegExp) {
  return new Promise<{ isDone: boolean; output: string }>((resolve) => {
    const stdio = ['ignore', 'pipe', 'pipe'] as const
    const child = spawn('bash', ['-ec', command], { cwd, stdio: [...stdio], detached: true })
    let output = ''
    let isHeard = false
    const end = () => child.pid !== undefined && process.kill(-child.pid, 'SIGTERM')
    const limit = setTimeout(end, LONGEST_MS)
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (isHeard || !until?.test(output)) return
        isHeard = true
        end()
      })
    }
    child.on('close', (code) => {
      clearTimeout(limit)
      resolve({ isDone: until ? isHeard : code === 0, output })
    })
  })
}
