import { type SpawnOptions, spawn } from 'node:child_process'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '..')
const WRANGLER = path.join(ROOT, 'node_modules/wrangler/bin/wrangler.js')

/** Starts wrangler under the Node that runs this. CI=1 keeps it from asking anything, in a terminal too. */
export function startWrangler(wranglerArguments: readonly string[], options: SpawnOptions) {
  return spawn(process.execPath, [WRANGLER, ...wranglerArguments], {
    cwd: ROOT,
    env: { ...process.env, CI: '1' },
    ...options,
  })
}

/** Runs wrangler to its end. @throws with what it printed, when it fails. */
export async function runWrangler(wranglerArguments: readonly string[]): Promise<string> {
  const child = startWrangler(wranglerArguments, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  // As text, or a character that two chunks share is lost.
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    output += chunk
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk) => {
    errors += chunk
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`wrangler ${wranglerArguments[0]} failed:\n${output}${errors}`)
  return output
}

/** Brings the local D1 up to date; does nothing where it is. */
export async function applyMigrations(more: readonly string[] = []): Promise<void> {
  await runWrangler(['d1', 'migrations', 'apply', 'DB', '--local', ...more])
}
