// Makes a fresh clone ready to run: local secrets when there are none, and the local database up to date.
// Running it again changes nothing.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')

writeDevVars(path.join(root, '.dev.vars'))
applyMigrations(process.argv.slice(2))

function writeDevVars(file: string): void {
  if (existsSync(file)) return
  const values = readFileSync(`${file}.example`, 'utf8')
    .replace(/^AUTH_SECRETS=$/m, `AUTH_SECRETS=${randomBytes(48).toString('base64')}`)
    .replace(/^PASSWORD_PEPPER_V1=$/m, `PASSWORD_PEPPER_V1=${randomBytes(32).toString('base64')}`)
  writeFileSync(file, values, { mode: 0o600, flag: 'wx' })
  console.log('Wrote .dev.vars with random secrets.')
}

// CI=1 keeps wrangler from asking for a confirmation, in a terminal too.
function applyMigrations(wranglerArguments: readonly string[]): void {
  const wrangler = path.join(root, 'node_modules/wrangler/bin/wrangler.js')
  const command = ['d1', 'migrations', 'apply', 'DB', '--local', ...wranglerArguments]
  const { status, stdout, stderr } = spawnSync(process.execPath, [wrangler, ...command], {
    cwd: root,
    env: { ...process.env, CI: '1', WRANGLER_SEND_METRICS: 'false' },
    encoding: 'utf8',
  })
  if (status === 0) return
  console.error(stdout, stderr)
  process.exit(status ?? 1)
}
