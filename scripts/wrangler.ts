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

/** Brings the local D1 up to date; does nothing where it is. */
export async function applyMigrations(more: readonly string[] = []): Promise<void> {
  const wranglerArguments = ['d1', 'migrations', 'apply', 'DB', '--local', ...more]
  const migrate = startWrangler(wranglerArguments, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [migrate.stdout, migrate.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk
    })
  }
  const code = await new Promise((resolve) => migrate.on('close', resolve))
  if (code !== 0) throw new Error(`the migrations could not be applied:\n${output}`)
}
